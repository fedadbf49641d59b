import type { ColumnType } from 'kysely';
import type { Fixed } from './audit.ts';

/** Null unless given; may change. */
type Optional = ColumnType<string | null, string | null | undefined, string | null>;

interface PersonTable {
  readonly id: Fixed<string>;
  /** As written; unique whatever its case. */
  readonly email: string;
  readonly name: string;
  /** PHC text of argon2id; null: invited, or signs in through the provider only. */
  readonly password_hash: Optional;
  /** Issuer and subject at the identity provider, once linked. */
  readonly oidc_issuer: Optional;
  readonly oidc_subject: Optional;
  readonly active: ColumnType<boolean, boolean | undefined, boolean>;
  /** Raised by every change of the person and of the grants. */
  readonly version: ColumnType<number, number | undefined, number>;
  readonly created_at: Fixed<string>;
  readonly updated_at: string;
}

interface RoleGrantTable {
  readonly person_id: Fixed<string>;
  readonly role: Fixed<string>;
  readonly scope_kind: Fixed<string>;
  /** Ids of entities, companies or applications; empty when the kind is `all`. */
  readonly scope_ids: Fixed<string[]>;
}

interface ApiTokenTable {
  readonly id: Fixed<string>;
  /** Its owner: a token never does more than its owner may. */
  readonly person_id: Fixed<string>;
  readonly name: Fixed<string>;
  /** SHA-256 of the token's secret part, hex. */
  readonly secret_hash: Fixed<string>;
  readonly role: Fixed<string>;
  readonly scope_kind: Fixed<string>;
  readonly scope_ids: Fixed<string[]>;
  readonly created_at: Fixed<string>;
  readonly expires_at: Fixed<string>;
  /** To the minute. */
  readonly last_used_at: Optional;
  readonly revoked_at: Optional;
}

interface SessionTable {
  /** SHA-256 of the cookie's family part, hex. */
  readonly id: Fixed<string>;
  readonly person_id: Fixed<string>;
  /** SHA-256 of the cookie's secret part, hex. */
  readonly secret_hash: string;
  /** The secret before the last rotation: good until the new one was shown, and for a short grace after that. */
  readonly previous_hash: Optional;
  /** Readable: without the cookie it opens nothing. */
  readonly csrf_token: Fixed<string>;
  readonly address: Fixed<string | null>;
  readonly user_agent: Fixed<string | null>;
  readonly created_at: Fixed<string>;
  readonly rotated_at: string;
  /** When the newest secret was shown first; null until then. */
  readonly confirmed_at: Optional;
  /** To the minute. */
  readonly last_seen_at: string;
  /** The end whatever happens. */
  readonly expires_at: Fixed<string>;
}

interface SignInAttemptTable {
  /** SHA-256 of the OIDC state, hex. */
  readonly state_hash: Fixed<string>;
  /** SHA-256 of the cookie of the browser that began. */
  readonly browser_hash: Fixed<string>;
  /** Nonce and PKCE verifier, sealed. */
  readonly sealed: Fixed<string>;
  /** Path of this server to go to afterwards. */
  readonly return_to: Fixed<string>;
  readonly expires_at: Fixed<string>;
}

interface SignInFailureTable {
  /** SHA-256 of what is throttled: an e-mail address or a network address. */
  readonly key: Fixed<string>;
  readonly failures: number;
  readonly last_at: string;
  readonly blocked_until: Optional;
}

interface OneTimeLinkTable {
  readonly id: Fixed<string>;
  readonly secret_hash: Fixed<string>;
  readonly purpose: Fixed<string>;
  /** Who sets a password; null at first start. */
  readonly person_id: Fixed<string | null>;
  readonly created_at: Fixed<string>;
  readonly expires_at: Fixed<string>;
  readonly used_at: Optional;
}

export interface AccessTables {
  readonly person: PersonTable;
  readonly role_grant: RoleGrantTable;
  readonly api_token: ApiTokenTable;
  readonly session: SessionTable;
  readonly sign_in_attempt: SignInAttemptTable;
  readonly sign_in_failure: SignInFailureTable;
  readonly one_time_link: OneTimeLinkTable;
}
