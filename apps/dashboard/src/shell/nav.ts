import type { IconName } from '../ui/icons.js';

/** The places of the dashboard. */
export const PLACES = [
  { to: '/', label: 'Missions', icon: 'missions' },
  { to: '/tasks', label: 'Tasks', icon: 'tasks' },
  { to: '/inbox', label: 'Inbox', icon: 'inbox' },
  { to: '/webhooks', label: 'Webhooks', icon: 'webhooks' },
  { to: '/settings', label: 'Settings', icon: 'settings' },
] as const satisfies readonly { readonly to: string; readonly label: string; readonly icon: IconName }[];
