import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { RunningMesh } from '../../test/running-mesh.ts'
import { dashboards } from '../grafana/dashboards.ts'
import { kubernetesProgram, withoutPrograms } from './kube-api.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const read = (path: string): string => readFileSync(root + path, 'utf8')

interface Rule {
  readonly alert: string
  readonly expr: string
  readonly annotations: { readonly runbook: string }
}

const rules = (parse(read('deploy/helm/weir/files/rules.yaml')) as { groups: { rules: Rule[] }[] }).groups.flatMap(
  (group) => group.rules,
)
const expressions = [
  ...rules.map(({ alert, expr }) => ({ where: alert, expr })),
  ...dashboards.flatMap(({ title, rows }) =>
    rows.flatMap(({ panels }) =>
      panels.flatMap((panel) =>
        Object.values(panel.queries).map((expr) => ({ where: `${title}, ${panel.title}`, expr })),
      ),
    ),
  ),
]

test('alerts and dashboards ask for what the services really export', async () => {
  const mesh = await RunningMesh.start()
  const exported = new Set<string>()
  const documented = read('docs/metrics.md')
  const unnamed: string[] = []
  try {
    for (const url of Object.values(mesh.running.addresses.admin)) {
      const text = await (await fetch(`${url}/metrics`)).text()
      for (const [, name = '', kind] of text.matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
        exported.add(name)
        if (kind === 'histogram') for (const end of ['bucket', 'sum', 'count']) exported.add(`${name}_${end}`)
        if (name.startsWith('weir_') && !documented.includes(`\`${name}\``)) unnamed.push(name)
      }
    }
  } finally {
    await mesh.dispose()
  }
  assert.deepEqual(unnamed, [], 'docs/metrics.md names every one')
  // Only who reads keys from a URL has these.
  for (const [, name = ''] of documented.matchAll(/`(weir_\w+_jwks_\w+)`/g)) exported.add(name)
  const unknown = expressions.flatMap(({ where, expr }) =>
    [...expr.matchAll(/\b(?:weir|process|nodejs)_\w+/g)].flatMap(([name]) =>
      exported.has(name) ? [] : [`${where}: ${name}`],
    ),
  )
  assert.deepEqual(unknown, [])
})

test('every metric is on a dashboard', () => {
  const queries = dashboards.flatMap(({ rows }) =>
    rows.flatMap(({ panels }) => panels.flatMap((each) => Object.values(each.queries))),
  )
  const shown = new Set(queries.flatMap((query) => query.match(/\bweir_\w+/g) ?? []))
  const documented = [...read('docs/metrics.md').matchAll(/^\| `(weir_\w+)` \| (\w+)/gm)]
  const hidden = documented.flatMap(([, name = '', kind]) =>
    shown.has(kind === 'histogram' ? `${name}_bucket` : name) ? [] : [name],
  )
  assert.ok(documented.length > 80)
  assert.deepEqual(hidden, [])
})

test('every alert has its entry in the runbook, and every entry its alert', () => {
  const entries = [...read('deploy/RUNBOOK.md').matchAll(/^## (Weir\w+)$/gm)].map(([, name]) => name)
  assert.deepEqual(entries.toSorted(), rules.map(({ alert }) => alert).toSorted())
  for (const { alert, annotations } of rules) {
    assert.equal(annotations.runbook, `deploy/RUNBOOK.md#${alert.toLowerCase()}`)
  }
})

test('every alert has a test that it fires', () => {
  const { tests } = parse(read('deploy/prometheus/rules.test.yaml')) as {
    tests: { alert_rule_test: { alertname: string; exp_alerts: unknown[] }[] }[]
  }
  const firing = tests.flatMap((each) => each.alert_rule_test.filter(({ exp_alerts }) => exp_alerts.length > 0))
  assert.deepEqual(
    [...new Set(firing.map(({ alertname }) => alertname))].toSorted(),
    rules.map(({ alert }) => alert).toSorted(),
  )
})

const promtool = kubernetesProgram('promtool')

test('the alerts fire when they should', {
  skip: withoutPrograms('promtool'),
}, () => {
  const run = (...args: string[]) => spawnSync(promtool ?? '', args, { cwd: root, encoding: 'utf8' })
  const checked = run('check', 'rules', 'deploy/helm/weir/files/rules.yaml')
  assert.equal(checked.status, 0, checked.stdout + checked.stderr)
  const tested = run('test', 'rules', 'deploy/prometheus/rules.test.yaml')
  assert.equal(tested.status, 0, tested.stdout + tested.stderr)
})

test('the rules for prometheus-adapter give a number a pod', {
  skip: withoutPrograms('promtool'),
}, () => {
  const { rules } = parse(read('deploy/helm/weir/files/prometheus-adapter.yaml')) as {
    rules: { custom: { metricsQuery: string }[] }
  }
  const hubs = 'namespace="weir",pod=~"a|b"'
  // As prometheus-adapter fills its queries in.
  const expressionOf = (index: number, series: string): string =>
    (rules.custom[index]?.metricsQuery ?? '')
      .replaceAll('<<.Series>>', series)
      .replaceAll('<<.LabelMatchers>>', hubs)
      .replaceAll('<<.GroupBy>>', 'pod')
  const sampleOf = (pod: string, value: number) => ({ labels: `{pod="${pod}"}`, value })
  const seriesOf = (labels: string, values: string) => ({ series: labels, values })
  const cases = [
    {
      expr: expressionOf(0, 'weir_hub_connections'),
      exp_samples: [sampleOf('a', 7), sampleOf('b', 5)],
    },
    {
      expr: expressionOf(1, 'weir_ingest_requests_total'),
      exp_samples: [sampleOf('a', 3)],
    },
  ]
  const file = {
    evaluation_interval: '15s',
    tests: [
      {
        interval: '15s',
        input_series: [
          seriesOf('weir_hub_connections{namespace="weir",pod="a"}', '7x20'),
          seriesOf('weir_hub_connections{namespace="weir",pod="b"}', '5x20'),
          seriesOf('weir_hub_connections{namespace="other",pod="a"}', '100x20'),
          // One and two requests a second.
          seriesOf('weir_ingest_requests_total{namespace="weir",pod="a",status="200"}', '0+15x20'),
          seriesOf('weir_ingest_requests_total{namespace="weir",pod="a",status="429"}', '0+30x20'),
        ],
        promql_expr_test: cases.map((each) => ({ ...each, eval_time: '5m' })),
      },
    ],
  }
  const folder = mkdtempSync(join(tmpdir(), 'weir-adapter-'))
  try {
    writeFileSync(join(folder, 'test.json'), JSON.stringify(file))
    const tested = spawnSync(promtool ?? '', ['test', 'rules', join(folder, 'test.json')], { encoding: 'utf8' })
    assert.equal(tested.status, 0, tested.stdout + tested.stderr)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
