/**
 * The severity as a token of a subject: by the ranges of SeverityNumber, four numbers each from 1;
 * where there is no number, by the text (OpenTelemetry Logs Data Model, section "Mapping of
 * SeverityNumber" and its appendix B).
 */
export function severityName(severityNumber: number, severityText: string): string {
  if (severityNumber !== 0) return severities[Math.floor((severityNumber - 1) / 4)] ?? 'unspecified'
  const [word = ''] = /^[a-z]+/.exec(severityText.trim().toLowerCase()) ?? []
  return byText.get(word) ?? 'unspecified'
}

const severities = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const

/** What loggers write, with or without a number after it: `ERROR`, `Warning`, `INFO2`. */
const byText: ReadonlyMap<string, (typeof severities)[number]> = new Map(
  Object.entries({
    trace: 'trace verbose finest all',
    debug: 'debug fine finer config d',
    info: 'info information informational notice i',
    warn: 'warn warning w',
    error: 'error err severe e',
    fatal: 'fatal critical crit alert emerg emergency panic f',
  } as const).flatMap(([name, words]) =>
    words.split(' ').map((word) => [word, name as (typeof severities)[number]] as const),
  ),
)
