import type { IconName } from '../ui/icons.js';

/** The places of the dashboard. */
export const PLACES = [
  { to: '/', label: 'Missions', icon: 'missions' },
  { to: '/tasks', label: 'Tasks', icon: 'tasks' },
  { to: '/inbox', label: 'Inbox', icon: 'inbox' },
  { to: '/webhooks', label: 'Webhooks', icon: 'webhooks' },
  { to: '/settings', label: 'Settings', icon: 'settings' },
] as const satisfies readonly { readonly to: string; readonly label: string; readonly icon: IconName }[];

/** The place that an address belongs to: a mission and its waves are found under the missions. */
export function placeOf(pathname: string): (typeof PLACES)[number]['to'] {
  return PLACES.find(({ to }) => to !== '/' && pathname.startsWith(to))?.to ?? '/';
}
