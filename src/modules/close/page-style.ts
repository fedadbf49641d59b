/** How the page of a close looks: a table on wide screens, a card per line on telephones; light and dark. */
export const pageStyle = `
:root {
  color-scheme: light dark;
  --ground: #f6f7f9; --card: #ffffff; --ink: #1b2430; --soft: #55606e; --line: #dde2e8;
  --act: #0b5cad; --good: #12643a; --bad: #a61b1b; --wait: #7a5200; --bad-ground: #fdecec; --good-ground: #e9f6ee;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #12161c; --card: #1b212a; --ink: #e8ecf1; --soft: #a9b3c0; --line: #333d4a;
    --act: #7db8f5; --good: #7fd6a2; --bad: #ff9d94; --wait: #f0c36a; --bad-ground: #3a1d1d; --good-ground: #17301f;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; padding: 1.5rem 1rem 3rem; background: var(--ground); color: var(--ink);
  font: 0.9375rem/1.45 system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif;
}
main { max-width: 76rem; margin: 0 auto; }
p, ul { margin: 0; }
.brand { color: var(--soft); font-weight: 600; letter-spacing: 0.02em; }
h1 { margin: 0 0 0.75rem; font-size: 1.75rem; line-height: 1.2; }
h2 { margin: 0; padding: 0.75rem 1rem; font-size: 1rem; border-bottom: 1px solid var(--line); }
.verdict { padding: 0.75rem 1rem; border-radius: 0.5rem; border-left: 0.3rem solid; }
.verdict.ties { background: var(--good-ground); border-color: var(--good); }
.verdict.broken { background: var(--bad-ground); border-color: var(--bad); }
.entities { display: flex; flex-wrap: wrap; gap: 0.5rem; padding: 0.9rem 0 0; list-style: none; }
.entities li { padding: 0.15rem 0.6rem; border: 1px solid var(--line); border-radius: 1rem; background: var(--card); }
.entities span { color: var(--soft); }
nav { margin-top: 1.25rem; }
.steps { display: grid; grid-template-columns: repeat(auto-fill, minmax(14rem, 1fr)); gap: 0.5rem; margin: 0; padding: 0; list-style: none; }
.steps li { display: flex; justify-content: space-between; gap: 0.75rem; padding: 0.5rem 0.75rem; background: var(--card); border: 1px solid var(--line); border-radius: 0.5rem; }
.steps .broken { background: var(--bad-ground); border-color: var(--bad); }
.steps .none { color: var(--soft); }
.steps .state { text-align: right; }
section { margin-top: 1.25rem; background: var(--card); border: 1px solid var(--line); border-radius: 0.6rem; overflow: hidden; }
table { width: 100%; border-collapse: collapse; table-layout: fixed; }
thead th { padding: 0.4rem 1rem; color: var(--soft); font-size: 0.8125rem; font-weight: 600; text-align: left; }
thead th:first-child { width: 40%; }
thead th:nth-child(2) { width: 9.5rem; }
tbody th, td { padding: 0.65rem 1rem; vertical-align: top; text-align: left; font-weight: 400; border-top: 1px solid var(--line); }
.amount { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.amount .label, .amount::before { white-space: normal; }
.difference { white-space: normal; overflow-wrap: anywhere; }
.what b { font-weight: 600; }
.note, .way { display: block; color: var(--soft); font-size: 0.875rem; overflow-wrap: anywhere; }
code { font: 0.8125rem/1.4 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
a { color: var(--act); }
a:focus-visible { outline: 3px solid var(--act); outline-offset: 2px; }
.label { display: block; color: var(--soft); font-size: 0.8125rem; }
.state { font-weight: 600; }
td .state::before { content: '● '; }
tr.ties .state, li.ties .state { color: var(--good); }
tr.broken .state, tr.broken .difference, li.broken .state { color: var(--bad); font-weight: 600; }
tr.broken .note { color: var(--ink); }
tr.broken { background: var(--bad-ground); }
tr.missing .state, li.missing .state { color: var(--wait); }
tr.info .state, li.info .state { color: var(--soft); }
footer { margin-top: 1.25rem; color: var(--soft); font-size: 0.875rem; overflow-wrap: anywhere; }
@media (max-width: 46rem) {
  body { padding: 1rem 0.75rem 2rem; }
  table, tbody, tr, tbody th, td { display: block; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  tr { padding: 0.65rem 1rem; border-top: 1px solid var(--line); }
  tbody tr:first-child { border-top: 0; }
  tbody th, td { padding: 0.15rem 0; border: 0; }
  td { display: flex; justify-content: space-between; gap: 1rem; }
  td::before { content: attr(data-name); color: var(--soft); text-align: left; }
  .label { display: none; }
}
`;
