/**
 * The pages behind one-time links, whole and small: no script or style of anybody else, none in the page itself, and the
 * link's token never leaves the browser but in the body of the one request that uses it up.
 */

const head = (title: string) => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${title} · Centrail</title>
<link rel="stylesheet" href="/link.css">
<script src="/link.js" defer></script>
</head>`;

const passwordField = `
    <label for="password">Password</label>
    <input id="password" name="password" type="password" autocomplete="new-password" required minlength="12"
      maxlength="1000" aria-describedby="password-rule">
    <p class="rule" id="password-rule">At least 12 characters. A sentence is easier to keep in mind than a riddle.</p>
    <label for="repeated">Password, once more</label>
    <input id="repeated" name="repeated" type="password" autocomplete="new-password" required maxlength="1000">`;

const page = ({ title, lead, action, fields, button }: Readonly<Record<PagePart, string>>) => `${head(title)}
<body>
<main>
  <p class="brand">Centrail</p>
  <h1>${title}</h1>
  <p>${lead}</p>
  <noscript><p class="bad">This page needs JavaScript: it keeps the link’s secret out of every log.</p></noscript>
  <form data-action="${action}" hidden>${fields}${passwordField}
    <button type="submit">${button}</button>
  </form>
  <p id="outcome" role="status" aria-live="polite"></p>
</main>
</body>
</html>
`;

type PagePart = 'title' | 'lead' | 'action' | 'fields' | 'button';

/** The form of the first start. */
export const firstStartPage = page({
  title: 'Create the first administrator',
  lead: 'This installation has no administrator yet. Whoever fills in this form becomes the first; the link works once.',
  action: '/api/v1/first-start',
  fields: `
    <label for="email">E-mail</label>
    <input id="email" name="email" type="email" autocomplete="username" required maxlength="254" autofocus>
    <label for="name">Name</label>
    <input id="name" name="name" type="text" autocomplete="name" required maxlength="200">`,
  button: 'Create administrator',
});

/** The form of an invitation. */
export const setPasswordPage = page({
  title: 'Set your password',
  lead: 'Choose the password that you will sign in with. The link works once; other sessions of yours end.',
  action: '/api/v1/set-password',
  fields: '',
  button: 'Set password',
});

/** What the forms do. */
export const linkScript = `'use strict';
const form = document.querySelector('form');
const outcome = document.getElementById('outcome');
const token = location.hash.slice(1);
// Out of the address bar and the history: the link is good for one use, and for this page's.
history.replaceState(null, '', location.pathname);

function say(text, kind) {
  outcome.textContent = text;
  outcome.className = kind;
}

if (token === '') say('The link is not whole: open it again as it was given, with everything after the #.', 'bad');
else form.hidden = false;

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  const { repeated, ...given } = Object.fromEntries(new FormData(form));
  if (given.password !== repeated) return say('The two passwords differ.', 'bad');
  const button = form.querySelector('button');
  button.disabled = true;
  say('One moment …', '');
  try {
    const answer = await fetch(form.dataset.action, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...given, token }),
    });
    const body = await answer.json();
    if (!answer.ok) return say(body.detail, 'bad');
    form.hidden = true;
    say('Done. You are signed in as ' + body.person.email + '.', 'good');
  } catch {
    say('The server does not answer. Check that it runs, and try again.', 'bad');
  } finally {
    button.disabled = false;
  }
});
`;

/** How they look: readable in light and dark, on a telephone and on a wide screen. */
export const linkStyle = `:root {
  color-scheme: light dark;
  --ground: #f6f7f9; --card: #ffffff; --ink: #1b2430; --soft: #55606e; --line: #8a94a3;
  --act: #0b5cad; --on-act: #ffffff; --good: #12643a; --bad: #a61b1b;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #12161c; --card: #1b212a; --ink: #e8ecf1; --soft: #a9b3c0; --line: #6c7786;
    --act: #7db8f5; --on-act: #0c1420; --good: #7fd6a2; --bad: #ff9d94;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1rem;
  background: var(--ground); color: var(--ink);
  font: 1rem/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif;
}
main {
  width: 100%; max-width: 27rem; padding: 1.75rem; border-radius: 0.75rem;
  background: var(--card); box-shadow: 0 1px 3px rgb(0 0 0 / 20%);
}
h1 { margin: 0 0 0.5rem; font-size: 1.4rem; line-height: 1.25; }
p { margin: 0 0 1rem; }
.brand { margin-bottom: 1rem; color: var(--soft); font-weight: 600; letter-spacing: 0.02em; }
label { display: block; margin: 0.9rem 0 0.25rem; font-weight: 600; }
input {
  width: 100%; padding: 0.6rem 0.7rem; border: 1px solid var(--line); border-radius: 0.4rem;
  background: var(--card); color: var(--ink); font: inherit;
}
.rule { margin: 0.3rem 0 0; color: var(--soft); font-size: 0.875rem; }
button {
  width: 100%; margin-top: 1.4rem; padding: 0.7rem; border: 0; border-radius: 0.4rem;
  background: var(--act); color: var(--on-act); font: inherit; font-weight: 600; cursor: pointer;
}
button:disabled { opacity: 0.6; cursor: default; }
input:focus-visible, button:focus-visible { outline: 3px solid var(--act); outline-offset: 2px; }
#outcome { margin: 1rem 0 0; overflow-wrap: anywhere; }
#outcome:empty { display: none; }
.good { color: var(--good); font-weight: 600; }
.bad { color: var(--bad); font-weight: 600; }
`;
