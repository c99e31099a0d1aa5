import { Button, Menu } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { notifications } from '@mantine/notifications';
import { useMutation } from '@tanstack/react-query';
import { archiveMission, cancelMission, pauseMission, resumeMission } from '../../api/generated/sdk.gen.js';
import type { Mission } from '../../api/generated/types.gen.js';
import { ConfirmDialog } from '../../ui/confirm-dialog.js';
import { Icon } from '../../ui/icons.js';
import { BudgetDialog } from './budget-dialog.js';
import { MessageDialog } from './message-dialog.js';
import { canBeSteered, pauseOrResume } from './mission-model.js';
import { RotateDialog } from './rotate-dialog.js';
import { SubmitDialog } from './submit-dialog.js';

const ACTIONS = {
  pause: { call: pauseMission, done: 'Paused: running work may finish.' },
  resume: { call: resumeMission, done: 'Resumed, and its holds dropped.' },
  cancel: { call: cancelMission, done: 'Canceled, with all open tasks.' },
  archive: { call: archiveMission, done: 'Archived.' },
} as const;
type Action = keyof typeof ACTIONS;

/** All that a person can tell a mission. */
export function MissionControls({ mission }: { readonly mission: Mission }) {
  const [isSubmitting, submit] = useDisclosure(false);
  const [isWriting, write] = useDisclosure(false);
  const [isRotating, rotate] = useDisclosure(false);
  const act = useMutation({
    mutationFn: (action: Action) => ACTIONS[action].call({ path: { id: mission.id }, throwOnError: true }),
    onSuccess: (_, action) => notifications.show({ message: ACTIONS[action].done }),
  });
  const toggle = pauseOrResume(mission);
  if (!canBeSteered(mission)) return null;
  return (
    <>
      {toggle !== null && (
        <Button
          variant="default"
          leftSection={<Icon name={toggle === 'pause' ? 'pause' : 'play'} size={16} />}
          loading={act.isPending}
          onClick={() => act.mutate(toggle)}
        >
          {toggle === 'pause' ? 'Pause' : 'Resume'}
        </Button>
      )}
      <Button variant="default" leftSection={<Icon name="message" size={16} />} onClick={write.open}>
        Message
      </Button>
      <Button variant="default" leftSection={<Icon name="plus" size={16} />} onClick={submit.open}>
        Submit tasks
      </Button>
      <Button
        leftSection={<Icon name="rotate" size={16} />}
        onClick={rotate.open}
        disabled={mission.state === 'completed'}
      >
        Archive conductor and start fresh
      </Button>
      <MoreActions mission={mission} onAct={(action) => act.mutate(action)} />
      <SubmitDialog missionId={mission.id} isOpen={isSubmitting} onClose={submit.close} />
      <MessageDialog missionId={mission.id} isOpen={isWriting} onClose={write.close} />
      {isRotating && <RotateDialog mission={mission} onClose={rotate.close} />}
    </>
  );
}

function MoreActions({
  mission,
  onAct,
}: {
  readonly mission: Mission;
  readonly onAct: (action: Action) => void;
}) {
  const [isBudgeting, budget] = useDisclosure(false);
  const [isCanceling, cancel] = useDisclosure(false);
  const [isArchiving, archive] = useDisclosure(false);
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <Button variant="default" aria-label="More actions">
            …
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={budget.open}>Change the budget</Menu.Item>
          <Menu.Item onClick={archive.open}>Archive the mission</Menu.Item>
          {!mission.is_default && <Menu.Item onClick={cancel.open}>Cancel the mission</Menu.Item>}
        </Menu.Dropdown>
      </Menu>
      {isBudgeting && <BudgetDialog mission={mission} onClose={budget.close} />}
      <ConfirmDialog
        isOpen={isCanceling}
        title="Cancel the mission?"
        text="All open tasks are canceled and running attempts are told to stop. The ledger keeps everything; nothing more is taken in."
        action="Cancel the mission"
        onConfirm={() => onAct('cancel')}
        onClose={cancel.close}
      />
      <ConfirmDialog
        isOpen={isArchiving}
        title="Archive the mission?"
        text="It is put away for good: it can be read, and takes no more work."
        action="Archive the mission"
        onConfirm={() => onAct('archive')}
        onClose={archive.close}
      />
    </>
  );
}
