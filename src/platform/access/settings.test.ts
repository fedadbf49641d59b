import { describe, expect, it } from 'vitest';
import { loadConfig } from '../config/index.ts';
import { readAccessSettings } from './settings.ts';

const read = (env: Readonly<Record<string, string>>) =>
  readAccessSettings(loadConfig({ env, cwd: import.meta.dirname }));
const oidc = {
  FINOPS_OIDC_ISSUER: 'https://login.example.com/realm',
  FINOPS_OIDC_CLIENT_ID: 'finops',
  FINOPS_SERVER_PUBLIC_URL: 'https://finops.example.com/',
};

describe('the settings of access', () => {
  it('are passwords only, unless an issuer is named', () => {
    expect(read({})).toEqual({ publicUrl: undefined, oidc: undefined });
    expect(read(oidc)).toEqual({
      publicUrl: 'https://finops.example.com',
      oidc: {
        issuer: new URL('https://login.example.com/realm'),
        clientId: 'finops',
        clientSecret: undefined,
        label: 'Single sign-on',
        createPeople: false,
        redirectUri: 'https://finops.example.com/api/v1/sign-in/oidc/callback',
      },
    });
    expect(read({ ...oidc, FINOPS_OIDC_CREATE_PEOPLE: 'yes' }).oidc?.createPeople).toBe(true);
    expect(read({ ...oidc, FINOPS_OIDC_ISSUER: 'http://[::1]:9000' }).oidc?.issuer.port).toBe('9000');
  });

  it.each([
    [{ FINOPS_OIDC_CLIENT_ID: '' }, 'access.incompleteOidc'],
    [{ FINOPS_SERVER_PUBLIC_URL: '' }, 'access.incompleteOidc'],
    [{ FINOPS_OIDC_ISSUER: 'http://login.example.com' }, 'access.badIssuer'],
    [{ FINOPS_OIDC_ISSUER: 'http://localhost.example.com' }, 'access.badIssuer'],
    [{ FINOPS_OIDC_ISSUER: 'login.example.com' }, 'access.badIssuer'],
    [{ FINOPS_OIDC_ISSUER: 'https://login.example.com/?a=b' }, 'access.badIssuer'],
    [{ FINOPS_OIDC_ISSUER: 'file:///etc/passwd' }, 'access.badIssuer'],
    [{ FINOPS_SERVER_PUBLIC_URL: 'finops.example.com' }, 'access.badPublicUrl'],
    [{ FINOPS_SERVER_PUBLIC_URL: 'https://finops.example.com/app' }, 'access.badPublicUrl'],
    [{ FINOPS_SERVER_PUBLIC_URL: 'javascript:alert(1)' }, 'access.badPublicUrl'],
  ])('are refused with %j', (env, code) => {
    expect(() => read({ ...oidc, ...env })).toThrow(expect.objectContaining({ code }));
  });
});
