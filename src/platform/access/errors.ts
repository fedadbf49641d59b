import { errorTable, refusal } from '../kernel/index.ts';

type Nothing = Record<never, never>;

/** Refusals of who may come in and do what. None of them tells whether a person, a password or a token exists. */
export const accessErrors = errorTable('access', {
  unauthorized: refusal(
    401,
    'access',
    (_: Nothing) =>
      "Sign in first, or send 'Authorization: Bearer TOKEN': an API token, the setting server.token, or the secret in finops.server.json of the workspace.",
  ),
  badToken: refusal(
    401,
    'access',
    (_: Nothing) => "The token is not known here. Make one with 'finops tokens create', and send it whole.",
  ),
  tokenExpired: refusal(
    401,
    'access',
    (p: { expiredAt: string }) =>
      `The token expired at ${p.expiredAt}. Make a new one with 'finops tokens create'.`,
  ),
  tokenRevoked: refusal(
    401,
    'access',
    (p: { revokedAt: string }) =>
      `The token was revoked at ${p.revokedAt}. Make a new one with 'finops tokens create'.`,
  ),
  sessionEnded: refusal(401, 'access', (_: Nothing) => 'The session has ended. Sign in again.'),
  cookieReused: refusal(
    401,
    'access',
    (_: Nothing) =>
      'The session was ended because an old cookie of it was used: somebody may have copied it. Sign in again, and tell your administrator if it was not you.',
  ),
  inactive: refusal(
    401,
    'access',
    (_: Nothing) => 'The account behind this is not active. Ask an administrator.',
  ),
  forbidden: refusal(
    403,
    'access',
    (p: { permission: string; meaning: string }) =>
      `This needs the permission ${p.permission} (${p.meaning}). Ask an administrator for a role that has it.`,
  ),
  noCsrfToken: refusal(
    403,
    'access',
    (_: Nothing) =>
      'A change by cookie needs the header X-CSRF-Token with the token that GET /api/v1/me gives. Read it again and repeat the request.',
  ),
  foreignOrigin: refusal(
    403,
    'access',
    (p: { origin: string }) =>
      `The request comes from ${p.origin}, not from a page of this server. Set server.publicUrl if the server is reached under that name.`,
  ),
  wrongCredentials: refusal(
    401,
    'access',
    (_: Nothing) => 'E-mail or password is wrong. Try again, or ask an administrator for a new password.',
  ),
  wrongPassword: refusal(
    403,
    'access',
    (_: Nothing) =>
      'The current password is wrong, or there is none yet. Try again, or ask an administrator for a link.',
  ),
  throttled: refusal(
    429,
    'access',
    (p: { retryAfterSeconds: number }) =>
      `Too many attempts failed. Wait ${p.retryAfterSeconds} s and try again.`,
  ),
  weakPassword: refusal(
    422,
    'usage',
    (p: { reason: string }) => `The password does not do: ${p.reason}. Choose another one.`,
  ),
  unknownPerson: refusal(
    404,
    'notFound',
    (p: { person: string }) => `There is no person '${p.person}'. 'finops people list' shows who there is.`,
  ),
  deactivated: refusal(
    409,
    'conflict',
    (p: { email: string }) => `${p.email} is not active. Activate the person first.`,
  ),
  emailTaken: refusal(
    409,
    'conflict',
    (p: { email: string }) =>
      `Somebody has the e-mail ${p.email} already. Change that person, or use another.`,
  ),
  lastAdmin: refusal(
    409,
    'conflict',
    (_: Nothing) =>
      'This is the last active super_admin: nobody could manage people any more. Make another one first.',
  ),
  staleVersion: refusal(
    412,
    'conflict',
    (p: { given: string; current: string }) =>
      `Somebody else changed this meanwhile: If-Match is ${p.given}, the object is at ${p.current}. Read it again and repeat the change.`,
  ),
  noVersion: refusal(
    428,
    'usage',
    (_: Nothing) => 'A change needs the header If-Match with the ETag of what you read.',
  ),
  unfitGrant: refusal(
    422,
    'usage',
    (p: { role: string; problem: string }) => `The role ${p.role} ${p.problem}.`,
  ),
  unknownToken: refusal(
    404,
    'notFound',
    (p: { token: string }) => `There is no token '${p.token}'. 'finops tokens list' shows what there is.`,
  ),
  unfitExpiry: refusal(
    422,
    'usage',
    (p: { expiresAt: string; latest: string }) =>
      `A token cannot expire at ${p.expiresAt}: choose a time from now to ${p.latest}.`,
  ),
  voidToken: refusal(
    422,
    'usage',
    (p: { role: string }) =>
      `A token as ${p.role} would allow nothing, because its owner may do nothing of that. Choose a role and a scope that the owner has.`,
  ),
  notByToken: refusal(
    403,
    'access',
    (_: Nothing) => 'An API token cannot do this: it would outlive its own end. Sign in and repeat it.',
  ),
  noOwner: refusal(
    422,
    'usage',
    (_: Nothing) =>
      'A token belongs to a person, and whoever holds the workspace is none. Say whose it shall be.',
  ),
  deadLink: refusal(
    410,
    'notFound',
    (_: Nothing) =>
      'The link is not known, has been used or has expired. Ask for a new one; at first start, start the server again.',
  ),
  alreadyStarted: refusal(
    409,
    'conflict',
    (_: Nothing) => 'There is an administrator already. Sign in, or ask for an invitation.',
  ),
  badPublicUrl: refusal(
    400,
    'usage',
    (p: { url: string }) =>
      `server.publicUrl '${p.url}' is no address of a server. Write https://NAME or http://NAME:PORT, without a path.`,
  ),
  badIssuer: refusal(
    400,
    'usage',
    (p: { issuer: string }) =>
      `oidc.issuer '${p.issuer}' cannot be trusted. Write its https:// address; http:// is for this machine only.`,
  ),
  incompleteOidc: refusal(
    400,
    'usage',
    (p: { missing: string }) => `oidc.issuer is set, but not ${p.missing}. Set it, or leave oidc.issuer out.`,
  ),
  noOidc: refusal(
    404,
    'notFound',
    (_: Nothing) => 'No identity provider is configured here. Sign in with a password, or set oidc.issuer.',
  ),
  foreignReturn: refusal(
    400,
    'usage',
    (p: { returnTo: string }) =>
      `'${p.returnTo}' is no path of this server. Give a path such as /reports, or leave it out.`,
  ),
  unknownState: refusal(
    400,
    'access',
    (_: Nothing) => 'This sign-in was finished already, or took more than ten minutes. Begin it again.',
  ),
  foreignBrowser: refusal(
    403,
    'access',
    (_: Nothing) => 'This sign-in was begun in another browser. Begin it again in this one.',
  ),
  providerRefused: refusal(
    403,
    'access',
    (p: { reason: string }) => `The identity provider refused the sign-in (${p.reason}). Begin it again.`,
  ),
  unfitAnswer: refusal(
    502,
    'access',
    (p: { reason: string }) =>
      `What the identity provider answered does not prove who you are (${p.reason}). Begin again; if it stays, check oidc.issuer and oidc.clientId.`,
  ),
  providerUnavailable: refusal(
    503,
    'remoteUnavailable',
    (p: { reason: string }) =>
      `The identity provider cannot be reached (${p.reason}). Try again later, or sign in with a password.`,
  ),
  notInvited: refusal(
    403,
    'access',
    (_: Nothing) =>
      'The identity provider knows you, but nobody here has invited you. Ask an administrator for an invitation to your e-mail.',
  ),
});
