import { Alert_Severity, Alert_Status, type Event, type Reading, Step_Status } from '@weir/proto'

/** What an event says, in one short line for a table. */
export function eventSummary({ data }: Event): string {
  switch (data.case) {
    case 'reading':
      return readingSummary(data.value)
    case 'stateChange': {
      const { entity, from, to } = data.value
      return `${entity}: ${from === '' ? '' : `${from} → `}${to}`
    }
    case 'alert': {
      const { rule, severity, status, message } = data.value
      return [Alert_Severity[severity], rule, Alert_Status[status], message].filter((part) => part !== '').join(' · ')
    }
    case 'step': {
      const { name, status, message } = data.value
      return [name, Step_Status[status], message].filter((part) => part !== '').join(' · ')
    }
    case 'json':
      return data.value.length > textMax ? `${data.value.slice(0, textMax)}…` : data.value
    case 'binary':
      return `${data.value.contentType || 'application/octet-stream'}, ${quantity(data.value.data.length, 'By')}`
    case 'any':
      return data.value.typeUrl
    case undefined:
      return ''
  }
}

/** The type of an event; of one that names none, which kind of data it has. */
export function eventKind({ type, data }: Event): string {
  return type === '' ? (data.case ?? '') : type
}

/** A number with its unit (UCUM) as people write it: bytes scaled, shares of one as they are. */
export function quantity(value: number, unit: string): string {
  if (unit === 'By') return bytes(value)
  const number = Number.isInteger(value)
    ? value.toLocaleString('en')
    : Number(value.toPrecision(4)).toLocaleString('en', digits)
  return unit === '' || unit === '1' ? number : `${number} ${unit}`
}

/** A cell shows no more of a text. */
const textMax = 240

/** A reading of many metrics shows the first of them. */
const metricsShown = 4

const digits = { maximumSignificantDigits: 4 } as const

function readingSummary({ metrics, units }: Reading): string {
  const entries = Object.entries(metrics)
  const [only] = entries
  if (entries.length === 1 && only !== undefined && only[0] === 'value') return quantity(only[1], units.value ?? '')
  const shown = entries.slice(0, metricsShown).map(([name, value]) => `${name} ${quantity(value, units[name] ?? '')}`)
  const rest = entries.length - shown.length
  return rest === 0 ? shown.join(' · ') : `${shown.join(' · ')} · and ${rest} more`
}

function bytes(value: number): string {
  const steps = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  const step = value <= 0 ? 0 : Math.min(steps.length - 1, Math.floor(Math.log2(value) / 10))
  const scaled = value / 1024 ** step
  return `${scaled.toLocaleString('en', { maximumFractionDigits: step === 0 || scaled >= 100 ? 0 : 1 })} ${steps[step]}`
}
