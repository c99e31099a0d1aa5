import { Button, Group, Menu, Modal, Stack, TextInput } from '@mantine/core';
import { useDisclosure, useLocalStorage } from '@mantine/hooks';
import { notifications } from '@mantine/notifications';
import { useState, type SyntheticEvent } from 'react';
import type { TasksSearch } from './tasks-search.js';
import {
  isFiltered,
  VIEW_NAME_CHARACTERS_MAX,
  viewOf,
  VIEWS_MAX,
  viewsIn,
  withoutView,
  withView,
  type TasksView,
} from './views-model.js';

/** Named filters of this browser, apart by tenant. What is shown stays in the address; a view only goes there. */
export function SavedViews(props: {
  readonly tenantId: string;
  readonly search: TasksSearch;
  readonly onOpen: (search: TasksSearch) => void;
}) {
  const { tenantId, search, onOpen } = props;
  const [isNaming, naming] = useDisclosure(false);
  const [views, setViews] = useLocalStorage<readonly TasksView[]>({
    key: `wavekeeper.task-views.${tenantId}`,
    defaultValue: [],
    deserialize: viewsIn,
    getInitialValueInEffect: false,
  });
  const here = isFiltered(search) ? viewOf(views, search) : undefined;
  return (
    <>
      <Menu position="bottom-start">
        <Menu.Target>
          <Button variant="default">{here === undefined ? 'Views' : `View: ${here.name}`}</Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => onOpen({})}>All tasks</Menu.Item>
          {views.map(({ name, search: filters }) => (
            <Menu.Item key={name} onClick={() => onOpen(filters)}>
              {name}
            </Menu.Item>
          ))}
          <Menu.Divider />
          <Menu.Item onClick={naming.open} disabled={!isFiltered(search)}>
            Save what is shown…
          </Menu.Item>
          {here !== undefined && (
            <Menu.Item onClick={() => setViews(withoutView(views, here.name))}>Remove {here.name}</Menu.Item>
          )}
        </Menu.Dropdown>
      </Menu>
      {isNaming && (
        <NameDialog
          onClose={naming.close}
          onName={(name) => {
            const kept = withView(views, name, search);
            if (kept === null)
              notifications.show({
                color: 'red',
                message: `${VIEWS_MAX} views are kept at most. Remove one first.`,
              });
            else setViews(kept);
          }}
        />
      )}
    </>
  );
}

function NameDialog(props: { readonly onName: (name: string) => void; readonly onClose: () => void }) {
  const [name, setName] = useState('');
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    props.onName(name);
    props.onClose();
  };
  return (
    <Modal opened onClose={props.onClose} title="Save this view" closeButtonProps={{ 'aria-label': 'Close' }}>
      <form onSubmit={submit}>
        <Stack>
          <TextInput
            label="Name"
            description="It is kept in this browser."
            required
            maxLength={VIEW_NAME_CHARACTERS_MAX}
            data-autofocus
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Group justify="flex-end">
            <Button type="submit" disabled={name.trim() === ''}>
              Save
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
