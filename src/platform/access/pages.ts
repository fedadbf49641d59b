import type { FastifyPluginAsync } from 'fastify';
import { firstStartPage, linkScript, linkStyle, setPasswordPage } from './link-page.ts';

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "form-action 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

const files = {
  '/first-start': ['text/html', firstStartPage],
  '/set-password': ['text/html', setPasswordPage],
  '/link.js': ['text/javascript', linkScript],
  '/link.css': ['text/css', linkStyle],
} as const;

/** The pages that one-time links lead to; outside `/api`, for browsers. */
export const accessPages: FastifyPluginAsync = async (app) => {
  for (const [path, [type, text]] of Object.entries(files)) {
    app.get(path, { config: { open: 'anyone' }, schema: { hide: true } }, async (_, reply) =>
      reply
        .headers({ 'content-security-policy': policy, 'cache-control': 'no-store' })
        .type(`${type}; charset=utf-8`)
        .send(text),
    );
  }
};
