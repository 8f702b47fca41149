import type { Panel } from './panels.ts'

export interface Dashboard {
  /** Of its file, and its uid. */
  readonly name: string
  readonly title: string
  readonly rows: readonly { readonly title: string; readonly panels: readonly Panel[] }[]
}

/** The JSON model of Grafana, four panels beside each other. */
export function dashboardJson({ name, title, rows }: Dashboard): string {
  const panels: object[] = []
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of Grafana
  const datasource = { type: 'prometheus', uid: '${datasource}' }
  let y = 0
  let id = 0
  for (const row of rows) {
    panels.push({
      id: ++id,
      type: 'row',
      title: row.title,
      collapsed: false,
      gridPos: { x: 0, y: y++, w: 24, h: 1 },
      panels: [],
    })
    for (const [i, each] of row.panels.entries()) {
      panels.push({
        id: ++id,
        type: 'timeseries',
        title: each.title,
        datasource,
        gridPos: { x: (i % 4) * 6, y: y + 7 * Math.floor(i / 4), w: 6, h: 7 },
        fieldConfig: {
          defaults: { unit: each.unit, min: 0, custom: { lineWidth: 1, fillOpacity: 10 } },
          overrides: [],
        },
        options: { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi', sort: 'desc' } },
        targets: Object.entries(each.queries).map(([legendFormat, expr], at) => ({
          refId: String.fromCharCode(65 + at),
          datasource,
          expr,
          legendFormat,
        })),
      })
    }
    y += 7 * Math.ceil(row.panels.length / 4)
  }
  const variable = { name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus' }
  return `${JSON.stringify(
    {
      uid: name,
      title,
      tags: ['weir'],
      schemaVersion: 39,
      refresh: '15s',
      time: { from: 'now-1h', to: 'now' },
      templating: { list: [variable] },
      panels,
    },
    undefined,
    1,
  )}\n`
}
