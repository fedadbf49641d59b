import type { Migration } from './migration.ts';

/**
 * What a request with an Idempotency-Key was answered. A row is claimed before the request is worked, and done when its
 * answer is kept; both the request and the answer may hold secrets, so that they are sealed. A scoped transaction sees
 * none of it.
 */
export const server: Migration = {
  number: 5,
  name: 'server',
  sql: `
create table idempotency_key (
  -- SHA-256 of who, which operation and which key: they may be longer than an index takes.
  id text constraint idempotency_key_pkey primary key check (id ~ '^[0-9a-f]{64}$'),
  actor_kind text not null,
  actor_id text not null,
  operation text not null,
  key text not null constraint idempotency_key_size check (length(key) between 1 and 255),
  claim_id text not null constraint idempotency_key_claim unique,
  request_id text,
  request_sealed text not null,
  state text not null default 'claimed' constraint idempotency_key_state check (state in ('claimed', 'done')),
  -- True when the request has changed the records: it is never worked again.
  effect boolean not null default false,
  -- Generation of the lake before the request was worked: another one may be its doing.
  lake_generation bigint not null,
  lease_until timestamptz not null,
  status integer,
  headers jsonb,
  answer_sealed text,
  created_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz not null,
  constraint idempotency_key_answer check (
    (state = 'done') = (status is not null) and
    (state = 'done') = (headers is not null) and
    (state = 'done') = (answer_sealed is not null)
  )
);
create index idempotency_key_expiry on idempotency_key (expires_at);

alter table idempotency_key enable row level security;
alter table idempotency_key force row level security;
create policy idempotency_key_all on idempotency_key
  using (finops_sees_all()) with check (finops_sees_all());

grant select, insert, delete on idempotency_key to finops_app;
grant update (claim_id, request_id, state, effect, lease_until, status, headers, answer_sealed) on idempotency_key to finops_app;
`,
};
