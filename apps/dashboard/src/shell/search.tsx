import { Group, Text } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { Spotlight } from '@mantine/spotlight';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { useEffect, useMemo, useRef, useState } from 'react';
import { listMissionsOptions, listTasksOptions } from '../api/generated/@tanstack/react-query.gen.js';
import { Icon } from '../ui/icons.js';
import { StateMark } from '../ui/parts.js';
import { PLACES } from './nav.js';
import { matching, pageOfId } from './search-model.js';
import { searchStore } from './search-store.js';

const TYPING_MS = 150;
const FOUND_MAX = 8;
const MISSIONS_READ_MAX = 100;

/** Ctrl-K: places, missions by title, tasks by title, ref, key or id, and whatever an id names. */
export function Search() {
  const router = useRouter();
  const [text, setText] = useState('');
  const [query] = useDebouncedValue(text.trim(), TYPING_MS);
  const { page, missions, tasks, places } = useFound(query);
  const go = (to: string) => () => router.history.push(to);
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => chooseFirst(list.current), [query, missions, tasks]);
  const isEmpty = page === undefined && places.length + missions.length + tasks.length === 0;
  return (
    <Spotlight.Root
      store={searchStore}
      query={text}
      onQueryChange={setText}
      shortcut="mod + K"
      scrollable
      maxHeight={420}
    >
      <Spotlight.Search
        placeholder="A title, a ref such as T12, a key or an id"
        aria-label="Search"
        leftSection={<Icon name="search" />}
      />
      <Spotlight.ActionsList ref={list}>
        {page !== undefined && (
          <Spotlight.Action onClick={go(page.to)}>{`Open the ${page.what} ${query}`}</Spotlight.Action>
        )}
        {missions.length > 0 && (
          <Spotlight.ActionsGroup label="Missions">
            {missions.map(({ id, title, state }) => (
              <Spotlight.Action key={id} onClick={go(`/missions/${id}`)}>
                <Found title={title} state={state} />
              </Spotlight.Action>
            ))}
          </Spotlight.ActionsGroup>
        )}
        {tasks.length > 0 && (
          <Spotlight.ActionsGroup label="Tasks">
            {tasks.map(({ id, ref, title, state }) => (
              <Spotlight.Action key={id} onClick={go(`/tasks/${id}`)}>
                <Found title={`${ref} ${title}`} state={state} />
              </Spotlight.Action>
            ))}
          </Spotlight.ActionsGroup>
        )}
        {places.length > 0 && (
          <Spotlight.ActionsGroup label="Places">
            {places.map(({ to, label, icon }) => (
              <Spotlight.Action key={to} label={label} leftSection={<Icon name={icon} />} onClick={go(to)} />
            ))}
          </Spotlight.ActionsGroup>
        )}
        {isEmpty && <Spotlight.Empty>Nothing is called that, and no id is it.</Spotlight.Empty>}
      </Spotlight.ActionsList>
    </Spotlight.Root>
  );
}

/** What a query finds: what an id names, missions by title, tasks by title, ref, key or id, and places. */
function useFound(query: string) {
  const isAsking = query !== '';
  const missions = useQuery({
    ...listMissionsOptions({ query: { limit: MISSIONS_READ_MAX } }),
    enabled: isAsking,
  });
  const tasks = useQuery({
    ...listTasksOptions({ query: { q: query, limit: FOUND_MAX } }),
    enabled: isAsking,
    placeholderData: keepPreviousData,
  });
  const named = PLACES.map((place) => ({ ...place, title: place.label }));
  return {
    page: pageOfId(query),
    missions: useMemo(
      () => (isAsking ? matching(missions.data?.data ?? [], query).slice(0, FOUND_MAX) : []),
      [isAsking, missions.data, query],
    ),
    tasks: useMemo(() => (isAsking ? (tasks.data?.data ?? []) : []), [isAsking, tasks.data]),
    places: matching(named, query),
  };
}

/** What is found comes after the words were typed: Enter shall open the first of it, not what stood there before. */
function chooseFirst(list: HTMLElement | null): void {
  for (const chosen of list?.querySelectorAll('[data-selected]') ?? [])
    chosen.removeAttribute('data-selected');
  list?.querySelector('[data-action]')?.setAttribute('data-selected', 'true');
  searchStore.updateState((state) => ({ ...state, selected: 0 }));
}

function Found({ title, state }: { readonly title: string; readonly state: string }) {
  return (
    <Group justify="space-between" wrap="nowrap" w="100%" gap="md">
      <Text fz="sm" className="wk-clip">
        {title}
      </Text>
      <StateMark state={state} />
    </Group>
  );
}
