import { tasksSearch, type TasksSearch } from './tasks-search.js';

/** What was looked at, under a name. It stands in this browser alone, and says no more than the address would. */
export interface TasksView {
  readonly name: string;
  readonly search: TasksSearch;
}

export const VIEWS_MAX = 20;
export const VIEW_NAME_CHARACTERS_MAX = 60;

/** What a browser has kept: a newer page, or a person, may have written what this one does not know. */
export function viewsIn(stored: string | undefined): TasksView[] {
  const kept = parsed(stored);
  if (!Array.isArray(kept)) return [];
  return kept.slice(0, VIEWS_MAX).flatMap((view: unknown) => {
    if (typeof view !== 'object' || view === null || !('name' in view) || !('search' in view)) return [];
    const { name, search } = view;
    if (typeof name !== 'string' || typeof search !== 'object' || search === null) return [];
    return [{ name: name.slice(0, VIEW_NAME_CHARACTERS_MAX), search: filtersOf({ ...search }) }];
  });
}

function parsed(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return null;
  }
}

/** The filters alone: a page of a list is no view of it. */
function filtersOf(search: Record<string, unknown>): TasksSearch {
  return { ...tasksSearch(search), cursor: undefined };
}

/** Keeps what is looked at, in the place of what had its name; null when there is room for no more. */
export function withView(
  views: readonly TasksView[],
  name: string,
  search: TasksSearch,
): readonly TasksView[] | null {
  const view = { name: name.trim(), search: filtersOf({ ...search }) };
  const place = views.findIndex((kept) => kept.name === view.name);
  if (place >= 0) return views.with(place, view);
  return views.length < VIEWS_MAX ? [...views, view] : null;
}

export function withoutView(views: readonly TasksView[], name: string): readonly TasksView[] {
  return views.filter((view) => view.name !== name);
}

/** The view that is being looked at, whatever its page. */
export function viewOf(views: readonly TasksView[], search: TasksSearch): TasksView | undefined {
  return views.find(
    ({ search: kept }) =>
      kept.state === search.state && kept.mission === search.mission && kept.q === search.q,
  );
}

/** Whether there is anything to keep: all tasks are a click away. */
export function isFiltered({ state, mission, q }: TasksSearch): boolean {
  return state !== undefined || mission !== undefined || q !== undefined;
}
