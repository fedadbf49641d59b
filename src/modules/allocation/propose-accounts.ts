/** Charges of an account that one application (null: none) is named in, in one currency. */
export interface AccountCharge {
  readonly account: string;
  readonly name: string | null;
  readonly app: string | null;
  readonly currency: string;
  /** For thresholds only: a number is near enough. */
  readonly cost: number;
}

/** Of an account's charges that name an application, the one application's part; and the part of all charges that name one. */
const leastOfNamed = 0.9;
const leastNamed = 0.3;

/**
 * Accounts that are almost wholly one application's, and have charges that name none: account → application. In each of its
 * currencies at least three tenths of the charges name an application, and nine tenths of these the same one.
 *
 * Account 1: shop 80, pay 4, nothing named 20 → shop. Account 2: shop 10, nothing named 90 → none.
 */
export function accountsOfOneApp(charges: readonly AccountCharge[]): ReadonlyMap<string, string> {
  const accounts = new Map<string, AccountCharge[]>();
  for (const charge of charges) {
    accounts.set(charge.account, [...(accounts.get(charge.account) ?? []), charge]);
  }
  const found = new Map<string, string>();
  for (const [account, ours] of accounts) {
    if (ours.every(({ app }) => app !== null)) continue;
    const apps = new Set([...new Set(ours.map(({ currency }) => currency))].map((c) => mainAppOf(ours, c)));
    const [app] = apps;
    if (apps.size === 1 && app !== undefined) found.set(account, app);
  }
  return found;
}

function mainAppOf(charges: readonly AccountCharge[], currency: string): string | undefined {
  const ours = charges.filter((charge) => charge.currency === currency);
  const named = ours.filter(({ app }) => app !== null);
  const costOf = (some: readonly AccountCharge[]) => some.reduce((sum, { cost }) => sum + cost, 0);
  const largest = named.reduce<AccountCharge | undefined>(
    (most, charge) => (most && most.cost >= charge.cost ? most : charge),
    undefined,
  );
  if (!largest || largest.app === null) return undefined;
  if (costOf(named) < leastNamed * costOf(ours) || largest.cost < leastOfNamed * costOf(named))
    return undefined;
  return largest.app;
}

/** Accounts with their names, those with the largest charge first. */
export function accountsBySize(
  charges: readonly AccountCharge[],
): { readonly account: string; readonly name: string | null }[] {
  const largest = new Map<string, AccountCharge>();
  for (const charge of charges) {
    const before = largest.get(charge.account);
    if (!before || before.cost < charge.cost) largest.set(charge.account, charge);
  }
  return [...largest.values()]
    .sort((a, b) => b.cost - a.cost || (a.account < b.account ? -1 : 1))
    .map(({ account, name }) => ({ account, name }));
}
