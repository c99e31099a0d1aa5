import { getHotkeyHandler } from '@mantine/hooks';

/** Ctrl or ⌘ with Enter sends, once however long the keys are held: that it is under way is known a moment later only. */
export function onSendKey(send: () => void) {
  return getHotkeyHandler([
    [
      'mod+Enter',
      (event: KeyboardEvent) => {
        if (!event.repeat) send();
      },
    ],
  ]);
}
