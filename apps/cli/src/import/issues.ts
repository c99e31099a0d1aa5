import { z } from 'zod';
import { EXIT } from '../exit-codes.js';
import { CommandFailure } from '../failure.js';
import { inOrder, type ImportPlan, type PlannedTask, type Skipped } from './plan.js';
import { beginning, firstLine } from './text.js';

const TITLE_CHARACTERS_MAX = 500;
const INSTRUCTIONS_CHARACTERS_MAX = 50_000;
const CRITERION_CHARACTERS_MAX = 2_000;
/** As many as a mission takes by default; of a longer list a part has to be given. */
const ISSUES_MAX = 100_000;
const OBJECTIVE = 'Work through these issues. Each is a task; their dependencies are those of the tracker.';

const text = z
  .string()
  .nullish()
  .transform((given) => given ?? '');

const beadSchema = z.object({
  id: z.string().min(1).max(150),
  title: z.string(),
  description: text,
  design: text,
  notes: text,
  acceptance_criteria: text,
  status: z.string().default('open'),
  priority: z.int().min(0).max(4).catch(2),
  issue_type: z.string().default('task'),
  dependencies: z
    .array(z.object({ depends_on_id: z.string(), type: z.string() }))
    .nullish()
    .transform((given) => given ?? []),
  comments: z
    .array(z.object({ author: text, text }))
    .nullish()
    .transform((given) => given ?? []),
});
type Bead = z.output<typeof beadSchema>;

const BLOCKING = ['blocks', 'conditional-blocks', 'waits-for'];
const CLOSED = ['closed', 'tombstone'];
/** Mail between agents, and templates of work. */
const NO_WORK = ['message', 'molecule', 'merge-request', 'event', 'gate'];

/** True for a line of a Beads `issues.jsonl`. */
export function isBead(value: unknown): boolean {
  return z.object({ id: z.string(), title: z.string(), issue_type: z.string() }).safeParse(value).success;
}

/** The open issues of a Beads tracker. An epic is not work: its children are. */
export async function planOfBeads(values: AsyncIterable<unknown>, skipped: Skipped): Promise<ImportPlan> {
  const beads = await issuesOf(beadSchema, values, skipped);
  const open = beads.filter(({ status }) => !CLOSED.includes(status));
  const parents = new Set(
    open.flatMap(({ dependencies }) =>
      dependencies.flatMap(({ type, depends_on_id: id }) => (type === 'parent-child' ? [id] : [])),
    ),
  );
  const work = open.filter(({ id, issue_type: type }) => {
    const isContainer = type === 'epic' && parents.has(id);
    if (isContainer) skipped.add('epic, whose children are imported');
    if (NO_WORK.includes(type)) skipped.add(`issue of type ${type}`);
    return !isContainer && !NO_WORK.includes(type);
  });
  const tracker = beads[0]?.id.replace(/-[^-]*$/, '') ?? 'issues';
  return {
    ...ofTracker('beads', tracker),
    tasks: inOrder(work.map(taskOfBead), skipped),
    done: beads
      .filter(({ status }) => status === 'closed')
      .map(({ title }) => firstLine(title, TITLE_CHARACTERS_MAX)),
    skipped: skipped.counts(),
  };
}

function taskOfBead(bead: Bead): PlannedTask {
  const blocking = bead.dependencies.flatMap(({ type, depends_on_id: id }) =>
    BLOCKING.includes(type) ? [id] : [],
  );
  const comments = bead.comments.map(({ author, text: said }) => `${author}: ${said}`).join('\n\n');
  return {
    key: beadKey(bead.id),
    title: firstLine(bead.title, TITLE_CHARACTERS_MAX),
    instructions: sections({
      '': bead.description,
      Design: bead.design,
      Notes: bead.notes,
      Comments: comments,
    }),
    priority: bead.priority,
    depends_on: blocking.map(beadKey),
    acceptance_criteria:
      bead.acceptance_criteria === '' ? [] : [beginning(bead.acceptance_criteria, CRITERION_CHARACTERS_MAX)],
    metadata: { imported_from: bead.id },
  };
}

const beadKey = (id: string): string => `beads:${id}`;

const githubSchema = z.object({
  number: z.int().min(1),
  title: z.string(),
  body: text,
  state: z.string(),
  url: text,
  labels: z
    .array(z.union([z.string().transform((name) => ({ name })), z.object({ name: z.string() })]))
    .nullish()
    .transform((given) => given ?? []),
});
type GithubIssue = z.output<typeof githubSchema>;

/** True for an issue as `gh issue list --json number,title,body,state,labels,url` writes it. */
export function isGithubIssue(value: unknown): boolean {
  return z.object({ number: z.int(), title: z.string(), state: z.string() }).safeParse(value).success;
}

/** The open issues of a repository; "depends on #12" and "blocked by #12" in a text are dependencies. */
export async function planOfGithub(values: AsyncIterable<unknown>, skipped: Skipped): Promise<ImportPlan> {
  const issues = await issuesOf(githubSchema, values, skipped);
  const isOpen = ({ state }: GithubIssue) => state.toLowerCase() === 'open';
  const [, repository] = /^https?:\/\/[^/]+\/([^/]+\/[^/]+)\/issues\//.exec(issues[0]?.url ?? '') ?? [];
  // Two repositories would become one mission: a number alone does not tell their issues apart.
  if (repository === undefined)
    throw new CommandFailure(
      'These issues do not say which repository they are of.',
      EXIT.usage,
      'Export them with gh issue list --json number,title,body,state,labels,url.',
    );
  return {
    ...ofTracker('github', repository),
    tasks: inOrder(issues.filter(isOpen).map(taskOfGithub), skipped),
    done: issues.filter((issue) => !isOpen(issue)).map(({ title }) => firstLine(title, TITLE_CHARACTERS_MAX)),
    skipped: skipped.counts(),
  };
}

function taskOfGithub(issue: GithubIssue): PlannedTask {
  const named = [...issue.body.matchAll(/\b(?:depends on|blocked by)\s+#(\d{1,9})\b/gi)].map(([, number]) =>
    Number(number),
  );
  const [priority] = issue.labels.flatMap(
    ({ name }) => /^(?:p|priority[:/ ]+p?)([0-4])$/i.exec(name)?.[1] ?? [],
  );
  const labels = issue.labels.map(({ name }) => name).join(', ');
  return {
    key: githubKey(issue.number),
    title: firstLine(issue.title, TITLE_CHARACTERS_MAX),
    instructions: sections({ '': issue.body, Labels: labels, Link: issue.url }),
    ...(priority === undefined ? {} : { priority: Number(priority) }),
    depends_on: named.map(githubKey),
    metadata: { imported_from: `#${issue.number}` },
  };
}

const githubKey = (number: number): string => `github:${number}`;

function ofTracker(format: 'beads' | 'github', name: string) {
  const title = beginning(name, 100);
  return {
    format,
    importKey: `${format}:${title}`,
    title: `Issues of ${title}`,
    objective: OBJECTIVE,
    directives: [],
    messages: [],
    beforeTokens: null,
  } as const;
}

/** All of them: what depends on what is known at the end only. */
async function issuesOf<Schema extends z.ZodType>(
  schema: Schema,
  values: AsyncIterable<unknown>,
  skipped: Skipped,
): Promise<z.output<Schema>[]> {
  const issues: z.output<Schema>[] = [];
  for await (const value of values) {
    const result = schema.safeParse(value);
    if (!result.success) skipped.add('issue in a shape that is not known');
    else if (issues.push(result.data) > ISSUES_MAX)
      throw new CommandFailure(
        `These are more than ${ISSUES_MAX} issues, which is more than a mission takes.`,
        EXIT.usage,
        'Give a part of them, such as those that are open.',
      );
  }
  return issues;
}

function sections(parts: Readonly<Record<string, string>>): string {
  const shown = Object.entries(parts).flatMap(([heading, body]) =>
    body.trim() === '' ? [] : [heading === '' ? body : `## ${heading}\n\n${body}`],
  );
  return beginning(shown.join('\n\n'), INSTRUCTIONS_CHARACTERS_MAX);
}
