import { hash } from 'node:crypto'
import type { OpenApi } from '@weir/mesh/edge'
import { html, raw } from 'hono/html'
import type { IngestOperation } from './ingest-operation.ts'

const style = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
code, pre { font-family: ui-monospace, monospace; font-size: 0.9em; }
pre { padding: 1rem; overflow-x: auto; border: 1px solid; border-radius: 4px; }
section { margin-top: 2.5rem; }
table { width: 100%; border-collapse: collapse; margin-bottom: 1rem; }
caption { text-align: left; font-weight: 600; padding: 0.5rem 0; }
th, td { text-align: left; vertical-align: top; padding: 0.3rem 1rem 0.3rem 0; border-top: 1px solid color-mix(in srgb, currentColor 20%, transparent); }
th { font-weight: 400; width: 22rem; }
`

/**
 * For the page alone: it loads and runs nothing, its one style is its own, and no other page shows
 * it within itself.
 */
export const pageHeaders: Readonly<Record<string, string>> = {
  'content-security-policy': `default-src 'none'; style-src 'sha256-${hash('sha256', style, 'base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
}

/**
 * The page that people see at `origin`: the same description as /openapi.json, with nothing that is
 * loaded from elsewhere.
 */
export function apiPage({ info, paths }: OpenApi<IngestOperation>, origin: string): string {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => section(method.toUpperCase(), path, operation)),
  )
  return String(html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${info.title}</title>
<style>${raw(style)}</style>
</head>
<body>
<h1>${info.title}</h1>
<p>${info.description} <a href="/openapi.json">openapi.json</a></p>
<p>Subscribers use the hub, which has an /asyncapi.json of its own.</p>
<pre>curl -H "Authorization: Bearer $WEIR_TOKEN" -H "Content-Type: application/json" \\
  -d '{"subject":"rooms.r17","data":{"people":3}}' ${origin}/v1/events</pre>
${operations}
</body>
</html>`)
}

function section(
  method: string,
  path: string,
  { summary, parameters, requestBody, responses }: IngestOperation,
): unknown {
  return html`<section>
<h2><code>${method} ${path}</code></h2>
<p>${summary}.</p>
${table(
  'Takes',
  Object.entries(requestBody?.content ?? {}).map(([mediaType, body]) => [
    html`<code>${mediaType}</code>`,
    body['x-name'],
  ]),
)}
${table(
  'Parameters',
  parameters.map((each) => [html`<code>${each.name}</code> in ${each.in}`, each.description ?? '']),
)}
${table(
  'Answers',
  Object.entries(responses).map(([status, { description }]) => [status, description]),
)}
</section>`
}

/** Nothing where there are no rows. */
function table(caption: string, rows: readonly (readonly [head: unknown, text: string])[]): unknown {
  if (rows.length === 0) return ''
  return html`<table>
<caption>${caption}</caption>
${rows.map(([head, text]) => html`<tr><th scope="row">${head}</th><td>${text}</td></tr>`)}
</table>`
}
