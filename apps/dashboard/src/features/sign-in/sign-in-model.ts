/** What to say when signing in was refused; `status` 0 when there was no answer. */
export function signInText(status: number): string {
  if (status === 401) return 'This key is not valid, or the link was used or has run out. Paste a key.';
  if (status === 403)
    return 'Another site sent you here with something to sign in with. Open the address yourself.';
  if (status === 422) return 'This does not look like a key. Paste another one.';
  if (status === 429) return 'Too many failed tries. Wait a quarter of an hour.';
  return 'The service did not answer. Is it running? Try again.';
}
