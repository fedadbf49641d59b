import { createHash } from 'node:crypto';
import { currencyExponent, formatFixed, parseDecimal } from '../../platform/kernel/index.ts';
import { type CheckAnswer, type CheckLine, type CloseStep, closeSteps, type LineState } from './contract.ts';
import { pageStyle } from './page-style.ts';

/** What a browser may do with the page: read it, in its own style. */
export const pagePolicy = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(pageStyle).digest('base64')}'`,
  "form-action 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

const titles: Readonly<Record<CloseStep, string>> = {
  import: 'Import',
  invoice: 'Invoice',
  bridge: 'Billed → effective',
  attributed: 'Attributed',
  allocated: 'Allocated',
  actual: 'Actual',
  consumption: 'Consumption',
  priced: 'Priced',
  recovered: 'Recovered',
  frozen: 'Frozen',
  summaries: 'Summaries',
};

/** Behind a number of lines. */
const countWords: Readonly<Record<LineState, string>> = {
  ties: 'tie',
  broken: 'broken',
  missing: 'missing',
  info: 'for information',
};

const stateWords: Readonly<Record<LineState, string>> = {
  ties: 'ties',
  broken: 'does not tie',
  missing: 'missing',
  info: 'for information',
};

/** The books of a month as a page for people: whole, without script, for light and dark, wide screens and telephones. */
export function closePage(answer: CheckAnswer): string {
  const { month, entities } = answer.context;
  const title = `Close of ${month}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${escaped(title)} · Centrail</title>
<style>${pageStyle}</style>
</head>
<body>
<main>
<header>
<p class="brand">Centrail</p>
<h1>${escaped(title)}</h1>
<p class="verdict ${answer.balances ? 'ties' : 'broken'}">${verdictOf(answer)}</p>
<ul class="entities">${entities.map(({ entity, state }) => `<li>${escaped(entity)} <span>${state.toLowerCase()}</span></li>`).join('')}</ul>
</header>
<nav aria-label="Steps"><ol class="steps">${closeSteps.map((step) => overviewOf(step, answer.lines)).join('')}</ol></nav>
${closeSteps.map((step) => sectionOf(step, answer.lines)).join('')}
<footer>${footerOf(answer)}</footer>
</main>
</body>
</html>
`;
}

function verdictOf({ balances, totals }: CheckAnswer): string {
  const counts = `${totals.ties} tie, ${totals.missing} missing, ${totals.info} for information`;
  if (balances) return `<strong>The books balance.</strong> ${counts}.`;
  return `<strong>The books do not balance: ${totals.broken} broken.</strong> ${counts}.`;
}

function footerOf({ context: { run, graph, generation } }: CheckAnswer): string {
  const of = run === null ? `graph ${graph}, no run` : `graph ${graph}, run ${run}`;
  return escaped(
    `Lake generation ${generation}; ${of}. Amounts to the minor unit, differences to the last decimal.`,
  );
}

/** A step in one line: how it stands, how many lines it has, and how many of them are broken. */
function overviewOf(step: CloseStep, all: readonly CheckLine[]): string {
  const lines = all.filter((line) => line.step === step);
  const count = (state: LineState) => lines.filter((line) => line.state === state).length;
  const state = (['broken', 'missing', 'ties', 'info'] as const).find((one) => count(one) > 0);
  if (state === undefined)
    return `<li class="none"><span>${titles[step]}</span> <span class="state">–</span></li>`;
  const of = count(state) === lines.length ? `${lines.length}` : `${count(state)} of ${lines.length}`;
  return `<li class="${state}"><a href="#${step}">${titles[step]}</a> <span class="state">${of} ${countWords[state]}</span></li>`;
}

function sectionOf(step: CloseStep, all: readonly CheckLine[]): string {
  const lines = all.filter((line) => line.step === step);
  if (lines.length === 0) return '';
  return `<section>
<h2 id="${step}">${titles[step]}</h2>
<table aria-labelledby="${step}">
<thead><tr><th scope="col">What</th><th scope="col">State</th><th scope="col" class="amount">Left</th><th scope="col" class="amount">Right</th><th scope="col" class="amount">Difference</th></tr></thead>
<tbody>${lines.map(rowOf).join('')}</tbody>
</table>
</section>
`;
}

function rowOf(line: CheckLine): string {
  const { state, left, right, difference } = line;
  const differs = difference === null ? '–' : `${groups(difference)}${suffix(line)}`;
  return `<tr class="${state}">
<th scope="row">${aboutOf(line)}</th>
<td data-name="State"><span class="state">${stateWords[state]}</span></td>
${amountCell(left, line)}${amountCell(right, line)}
<td class="amount difference" data-name="Difference">${escaped(differs)}</td>
</tr>`;
}

/** What a line says, of what, what to do, and where its figure is. */
function aboutOf({ what, of, note, link, command }: CheckLine): string {
  const ways = [
    ...(link === null ? [] : [`<a href="${escaped(link)}">${escaped(link)}</a>`]),
    ...(command === null ? [] : [`<code>${escaped(command)}</code>`]),
  ];
  return [
    `<span class="what">${of === '' ? '' : `<b>${escaped(of)}</b> `}${escaped(what)}</span>`,
    ...(note === '' ? [] : [`<span class="note">${escaped(note)}</span>`]),
    ...ways.map((way) => `<span class="way">${way}</span>`),
  ].join('');
}

function amountCell({ label, amount }: CheckLine['left'], line: CheckLine): string {
  const shown = amount === null ? '–' : `${amountText(amount, line.currency)}${suffix(line)}`;
  return `<td class="amount" data-name="${escaped(label)}"><span class="label">${escaped(label)}</span>${escaped(shown)}</td>`;
}

function suffix({ currency, unit }: CheckLine): string {
  const of = currency ?? unit;
  return of === null ? '' : ` ${of}`;
}

function amountText(amount: string, currency: string | null): string {
  if (currency === null) return groups(amount);
  return groups(formatFixed(parseDecimal(amount), currencyExponent(currency) ?? 2));
}

function groups(text: string): string {
  return text.replace(/^-?\d+/, (whole) => whole.replace(/\B(?=(\d{3})+$)/g, ','));
}

function escaped(text: string): string {
  const signs: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text.replace(/[&<>"']/g, (sign) => signs[sign] ?? sign);
}
