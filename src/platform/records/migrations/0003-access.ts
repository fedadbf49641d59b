import type { Migration } from './migration.ts';

/**
 * People, what they may do, and how they prove who they are. Nothing that opens a door is stored: passwords as argon2id,
 * tokens, sessions and links as SHA-256 of 256 random bits. A scoped transaction sees none of these tables.
 */
export const access: Migration = {
  number: 3,
  name: 'access',
  sql: `
create table person (
  id text constraint person_pkey primary key,
  email text not null constraint person_email_size check (length(email) between 3 and 254),
  name text not null constraint person_name_size check (length(name) between 1 and 200),
  password_hash text constraint person_password check (password_hash like '$argon2id$%'),
  oidc_issuer text,
  oidc_subject text,
  active boolean not null default true,
  version integer not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint person_oidc_whole check ((oidc_issuer is null) = (oidc_subject is null))
);
create unique index person_email on person (lower(email) collate "C");
create unique index person_oidc on person (oidc_issuer, oidc_subject);

create table role_grant (
  person_id text not null constraint role_grant_person references person,
  role text not null,
  scope_kind text not null
    constraint role_grant_scope_kind check (scope_kind in ('all', 'entities', 'companies', 'applications')),
  scope_ids text[] not null default '{}',
  constraint role_grant_pkey primary key (person_id, role, scope_kind),
  constraint role_grant_scope check ((scope_kind = 'all') = (cardinality(scope_ids) = 0))
);
create index role_grant_role on role_grant (role);

create table api_token (
  id text constraint api_token_pkey primary key,
  person_id text not null constraint api_token_person references person,
  name text not null constraint api_token_name_size check (length(name) between 1 and 200),
  secret_hash text not null constraint api_token_secret check (secret_hash ~ '^[0-9a-f]{64}$'),
  role text not null,
  scope_kind text not null
    constraint api_token_scope_kind check (scope_kind in ('all', 'entities', 'companies', 'applications')),
  scope_ids text[] not null default '{}',
  created_at timestamptz not null,
  expires_at timestamptz not null,
  last_used_at timestamptz,
  revoked_at timestamptz,
  constraint api_token_scope check ((scope_kind = 'all') = (cardinality(scope_ids) = 0)),
  constraint api_token_life check (expires_at > created_at and expires_at <= created_at + interval '366 days')
);
create index api_token_owner on api_token (person_id, id);

-- The cookie is FAMILY.SECRET: the family stays as long as the session, the secret is replaced again and again. Whoever
-- shows a family with a secret that was replaced holds a stolen cookie, or its thief has the new one.
create table session (
  id text constraint session_pkey primary key check (id ~ '^[0-9a-f]{64}$'),
  person_id text not null constraint session_person references person,
  secret_hash text not null check (secret_hash ~ '^[0-9a-f]{64}$'),
  previous_hash text check (previous_hash ~ '^[0-9a-f]{64}$'),
  csrf_token text not null,
  address text,
  user_agent text,
  created_at timestamptz not null,
  rotated_at timestamptz not null,
  confirmed_at timestamptz,
  last_seen_at timestamptz not null,
  expires_at timestamptz not null
);
create index session_owner on session (person_id);
create index session_expiry on session (expires_at);

create table sign_in_attempt (
  state_hash text constraint sign_in_attempt_pkey primary key check (state_hash ~ '^[0-9a-f]{64}$'),
  browser_hash text not null check (browser_hash ~ '^[0-9a-f]{64}$'),
  sealed text not null,
  return_to text not null constraint sign_in_attempt_local check (return_to ~ '^/([^/\\\\]|$)'),
  expires_at timestamptz not null
);
create index sign_in_attempt_expiry on sign_in_attempt (expires_at);

create table sign_in_failure (
  key text constraint sign_in_failure_pkey primary key check (key ~ '^[0-9a-f]{64}$'),
  failures integer not null check (failures >= 0),
  last_at timestamptz not null,
  blocked_until timestamptz
);
create index sign_in_failure_age on sign_in_failure (last_at);

create table one_time_link (
  id text constraint one_time_link_pkey primary key,
  secret_hash text not null check (secret_hash ~ '^[0-9a-f]{64}$'),
  purpose text not null check (purpose in ('first_start', 'set_password')),
  person_id text constraint one_time_link_person references person,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  used_at timestamptz,
  constraint one_time_link_whom check ((purpose = 'set_password') = (person_id is not null))
);
create index one_time_link_owner on one_time_link (person_id);

alter table person enable row level security;
alter table person force row level security;
create policy person_all on person using (finops_sees_all()) with check (finops_sees_all());
alter table role_grant enable row level security;
alter table role_grant force row level security;
create policy role_grant_all on role_grant using (finops_sees_all()) with check (finops_sees_all());
alter table api_token enable row level security;
alter table api_token force row level security;
create policy api_token_all on api_token using (finops_sees_all()) with check (finops_sees_all());
alter table session enable row level security;
alter table session force row level security;
create policy session_all on session using (finops_sees_all()) with check (finops_sees_all());
alter table sign_in_attempt enable row level security;
alter table sign_in_attempt force row level security;
create policy sign_in_attempt_all on sign_in_attempt using (finops_sees_all()) with check (finops_sees_all());
alter table sign_in_failure enable row level security;
alter table sign_in_failure force row level security;
create policy sign_in_failure_all on sign_in_failure using (finops_sees_all()) with check (finops_sees_all());
alter table one_time_link enable row level security;
alter table one_time_link force row level security;
create policy one_time_link_all on one_time_link using (finops_sees_all()) with check (finops_sees_all());

grant select, insert on person, role_grant, api_token, session, sign_in_attempt, sign_in_failure, one_time_link
  to finops_app;
grant update (email, name, password_hash, oidc_issuer, oidc_subject, active, version, updated_at) on person to finops_app;
grant update (last_used_at, revoked_at) on api_token to finops_app;
grant update (secret_hash, previous_hash, rotated_at, confirmed_at, last_seen_at) on session to finops_app;
grant update (failures, last_at, blocked_until) on sign_in_failure to finops_app;
grant update (used_at) on one_time_link to finops_app;
grant delete on role_grant, session, sign_in_attempt, sign_in_failure to finops_app;
`,
};
