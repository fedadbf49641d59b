import type { ColumnType, Generated } from 'kysely';
import type { Fixed } from './audit.ts';

interface GraphTable {
  /** Chosen by people, for ever. */
  readonly id: Fixed<string>;
  /** Whose bills it allocates; null: the installation's, over all bills. */
  readonly entity_id: Fixed<string | null>;
  readonly label: string;
  /** Out of use; its versions stay. */
  readonly retired_at: ColumnType<string | null, string | null | undefined, string | null>;
  /** True while `retired_at` is null. */
  readonly active: ColumnType<boolean, never, never>;
  /** 1, raised by every change of the graph, its draft included: the ETag. */
  readonly version: ColumnType<number, number | undefined, number>;
}

interface GraphVersionTable {
  readonly graph_id: Fixed<string>;
  /** 1, 2, 3, … without gaps. */
  readonly number: Fixed<number>;
  /** One draft at most, and it is the last version; a published version never changes. */
  readonly state: 'draft' | 'published';
  /** SHA-256 in hex of the canonical JSON of the document. */
  readonly content_hash: string;
  readonly nodes: number;
  readonly edges: number;
  readonly groups: number;
  readonly rules: number;
  readonly metrics: number;
  /** The version whose content it began with; null where it began empty. */
  readonly based_on: Fixed<number | null>;
  readonly note: ColumnType<string | null, string | null | undefined, string | null>;
  readonly created_at: Generated<string>;
  /** Names of actors. */
  readonly created_by: Fixed<string>;
  readonly changed_at: Generated<string>;
  readonly published_at: ColumnType<string | null, never, string>;
  readonly published_by: ColumnType<string | null, never, string>;
}

interface GraphPartTable {
  readonly graph_id: Fixed<string>;
  readonly kind: Fixed<'method' | 'node' | 'edge' | 'group' | 'rule' | 'metric'>;
  /** Id of the node, edge, rule or metric; node and name of a group; empty for the method. */
  readonly key: Fixed<string>;
  /** The first version that has it. */
  readonly since: Fixed<number>;
  /** The first version that no longer has it. */
  readonly until: ColumnType<number | null, never, number | null>;
  /** Place among the rules. */
  readonly position: Fixed<number | null>;
  /** Canonical JSON: names sorted, defaults filled in. */
  readonly body: Fixed<unknown>;
  /** Ends of an edge. */
  readonly from_node: ColumnType<string | null, never, never>;
  readonly to_node: ColumnType<string | null, never, never>;
}

export interface AllocationGraphTables {
  readonly graph: GraphTable;
  readonly graph_version: GraphVersionTable;
  readonly graph_part: GraphPartTable;
}
