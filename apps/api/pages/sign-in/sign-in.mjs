// Signs this browser in: with a pasted key, or with the token behind the `#` of a link, which works once.
import { isSignedIn, signIn, signInText, signOut } from '../session.mjs';

const CREATED = 201;
const message = document.getElementById('message');
const form = document.getElementById('form');
const field = document.getElementById('key');
const signOutButton = document.getElementById('sign-out');

function show({ text, signedIn }) {
  message.textContent = text;
  form.hidden = signedIn;
  signOutButton.hidden = !signedIn;
  if (!signedIn) field.focus();
}

async function tryWith(credential) {
  const status = await signIn(credential);
  if (status === CREATED)
    show({ text: 'You are signed in, in this browser, for a week at most.', signedIn: true });
  else show({ text: signInText(status), signedIn: false });
}

form.addEventListener('submit', (event) => {
  event.preventDefault();
  void tryWith({ api_key: field.value.trim() });
  field.value = '';
});
signOutButton.addEventListener('click', async () => {
  if (await signOut()) show({ text: 'You are signed out.', signedIn: false });
  else show({ text: signInText(0), signedIn: true });
});

const token = location.hash.slice(1);
history.replaceState(null, '', location.pathname); // a token is used up; it has no place in the history either
if (token !== '') await tryWith({ token });
else if (await isSignedIn()) show({ text: 'You are signed in.', signedIn: true });
else
  show({ text: 'Paste a key of your tenant, or open a link of `npx wavekeeper sign-in`.', signedIn: false });
