import type { Policy } from '#contracts';
import type { SnapshotDirective, SnapshotMission } from '#ledger';
import { fixedItem, guaranteedList, type SectionPlan } from '../domain/section-plan.js';

/** Section Z2: what the mission's owner wrote when it began. Trusted, so neither fenced nor altered. */
export function charterPlan(mission: SnapshotMission, policy: Policy): SectionPlan {
  const objective = mission.objective === '' ? '' : `Objective: ${mission.objective}\n`;
  const charter = `Mission: ${mission.title}\n${objective}Workers: ${policy.workers.join(', ')}\n${rulesText(policy)}`;
  const criteria = mission.acceptanceCriteria.map((text, index) =>
    fixedItem(`criterion ${index + 1}`, 'charter', `Criterion ${index + 1}: ${text}\n`),
  );
  return {
    name: 'Z2',
    lists: [
      guaranteedList('charter', '# Z2 Mission charter\n', [
        fixedItem('mission', 'charter', charter),
        ...criteria,
      ]),
    ],
    omitted: [],
  };
}

/** What of the work is not the conductor's alone to decide. */
function rulesText({ planning, approval }: Policy): string {
  const rules = [
    ...(planning === 'auto' ? ['Planning: tasks that name a worker are dispatched by rule.'] : []),
    ...(approval === 'dispatch' ? ['Approval: what you dispatch begins when a person approves.'] : []),
    ...(approval === 'completion' ? ['Approval: what you accept completes when a person approves.'] : []),
  ];
  return rules.map((rule) => `${rule}\n`).join('');
}

/** Section Z3: the directives in force, verbatim to the byte. */
export function directivesPlan(directives: readonly SnapshotDirective[]): SectionPlan {
  const heading = directives.length === 0 ? '# Z3 Directives\nNone.\n' : '# Z3 Directives\n';
  const items = directives.map(({ ref, text }) => fixedItem(ref, 'directive', `${ref}: ${text}\n`));
  return { name: 'Z3', lists: [guaranteedList('directives', heading, items)], omitted: [] };
}
