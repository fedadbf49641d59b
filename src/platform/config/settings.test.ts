import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig } from './load.ts';
import type { Setting } from './setting.ts';
import { allSettings, awsExportFields, prometheusEndpointFields } from './settings.ts';

const root = join(import.meta.dirname, '../../..');

describe('the table of settings', () => {
  it('names every variable after its key', () => {
    for (const { key, env } of allSettings) {
      expect(env).toBe(
        `FINOPS_${key
          .replace(/([A-Z])/g, '_$1')
          .replaceAll('.', '_')
          .toUpperCase()}`,
      );
    }
  });

  it('has no key, variable or flag twice', () => {
    for (const names of [
      allSettings.map((setting) => setting.key),
      allSettings.map((setting) => setting.env),
      allSettings.flatMap((setting) => setting.flag ?? []),
    ]) {
      expect(new Set(names).size).toBe(names.length);
    }
  });
});

describe('finops.example.toml', () => {
  const example = readFileSync(join(root, 'finops.example.toml'), 'utf8');
  const uncommented = example.replace(/^#(?=\S)/gm, '');

  it('holds every setting, with its default where there is one', () => {
    const folder = mkdtempSync(join(tmpdir(), 'finops-example-'));
    writeFileSync(join(folder, 'finops.toml'), uncommented);
    const shown = loadConfig({ env: {}, cwd: folder });
    const defaults = loadConfig({ env: {}, cwd: mkdtempSync(join(tmpdir(), 'finops-default-')) });
    for (const setting of allSettings as readonly Setting[] & typeof allSettings) {
      expect(shown.origins[setting.key], setting.key).toMatch(/^finops\.toml:\d+$/);
      if (
        setting.default === undefined ||
        ['path', 'awsExports', 'prometheusEndpoints'].includes(setting.kind)
      )
        continue;
      expect(shown.values[setting.key], setting.key).toEqual(defaults.values[setting.key]);
    }
    expect(shown.values.data).toBe(join(folder, 'data'));
    expect(Object.keys(shown.values['aws.exports'][0] ?? {}).sort()).toEqual(
      awsExportFields.map((field) => field.name).sort(),
    );
    expect(shown.values['usage.prometheus'][0]).toMatchObject({ name: 'prom', allowInsecure: false });
    for (const { name } of prometheusEndpointFields) expect(example).toContain(name);
  });

  it('changes nothing as it is shipped', () => {
    const folder = mkdtempSync(join(tmpdir(), 'finops-example-'));
    writeFileSync(join(folder, 'finops.toml'), example);
    expect(new Set(Object.values(loadConfig({ env: {}, cwd: folder }).origins))).toEqual(
      new Set(['default']),
    );
  });
});

describe('docs/settings.md', () => {
  it('lists every setting as the code has it (update it with vitest -u)', async () => {
    await expect(settingsPage()).toMatchFileSnapshot(join(root, 'docs/settings.md'));
  });
});

function settingsPage(): string {
  const rows = allSettings.map((setting: Setting) => [
    `\`${setting.key}\``,
    kindText(setting),
    setting.default === undefined ? '' : `\`${JSON.stringify(setting.default)}\``,
    [`\`${setting.env}\``, ...Object.keys(setting.otherEnv ?? {}).map((name) => `\`${name}\``)].join(', '),
    setting.flag ? `\`${setting.flag}\`` : '',
    `${setting.description}${setting.secret ? ' (secret: never shown)' : ''}`,
  ]);
  return `# Settings

A flag wins over an environment variable, a variable over \`finops.toml\`, the file over the default.
\`finops config list --show-origin\` shows every value and where it came from. The file is \`finops.toml\` of the current
folder, or the one that \`--config\` or \`FINOPS_CONFIG\` names; \`finops.example.toml\` is a copy to start from.
Relative paths start at the folder of the file that holds them, else at the current folder.
An unknown key or a wrong type is refused with exit code 2. An empty variable counts as absent.

${markdownTable(['Key', 'Type', 'Default', 'Variable', 'Flag', 'Meaning'], rows)}

## One AWS export

Each is a table \`[[aws.exports]]\`; in \`FINOPS_AWS_EXPORTS\`, an object of a JSON array.

${markdownTable(
  ['Key', 'Required', 'Meaning'],
  awsExportFields.map((field) => [`\`${field.name}\``, field.required ? 'yes' : '', field.description]),
)}

## One monitoring system

Each is a table \`[[usage.prometheus]]\`; in \`FINOPS_USAGE_PROMETHEUS\`, an object of a JSON array. Redirects are not followed,
and link-local and metadata addresses are never called.

${markdownTable(
  ['Key', 'Required', 'Meaning'],
  prometheusEndpointFields.map((field) => [
    `\`${field.name}\``,
    field.required ? 'yes' : '',
    field.description,
  ]),
)}

## Coming from the Open FinOps Stack

Its \`config.toml\` (read when there is no \`finops.toml\`) and its variables are understood: \`project.data_dir\` and
\`OPEN_FINOPS_DATA_DIR\` are \`data\`; \`bucket\`, \`prefix\`, \`export_name\`, \`cur_version\`, \`region\` and \`start_date\` of \`[aws]\`,
and \`OPEN_FINOPS_AWS_BUCKET\` and its siblings, make one entry of \`aws.exports\`. Every one found is answered with a hint that
says what to write instead; the others are named as not read.
`;
}

function kindText(setting: Setting): string {
  const kinds = {
    text: 'text',
    path: 'path',
    pathList: 'list of folders',
    addressList: 'list of addresses or networks',
    integer: `whole number, ${setting.min} to ${setting.max}`,
    choice: setting.values?.join(', ') ?? '',
    awsExports: 'list of tables',
    prometheusEndpoints: 'list of tables',
  };
  return kinds[setting.kind];
}

function markdownTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  return [header, header.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
