import { decimals, number, short } from './numbers.ts'

/**
 * A number with its unit (UCUM, https://ucum.org) as people write it: "22.3 GB", "38 %", "21.5 °C".
 */
export function quantity(value: number, unit: string): string {
  const { text, unit: shown } = scaled(value, unit)
  return shown === '' ? text : `${text} ${shown}`
}

/**
 * The same in two parts, for who sets the unit smaller. Without a unit the number stays as it is.
 */
export function scaled(value: number, unit: string): { readonly text: string; readonly unit: string } {
  if (!Number.isFinite(value)) return { text: String(value), unit: '' }
  const { by, unit: shown, digits } = scaleOf(value, unit)
  const size = value / by
  if (digits === 'all') return { text: number(size), unit: shown }
  if (digits === 'three') return { text: number(Number(size.toPrecision(3))), unit: shown }
  return { text: Math.abs(size) >= 100 || by === 1 ? number(Math.round(size)) : short(size), unit: shown }
}

/**
 * The marks of an axis, which lie a step apart: all in the unit of the greatest, with the decimals
 * that tell them apart.
 */
export function marks(values: readonly number[], step: number, unit: string): readonly string[] {
  const { by, unit: shown } = scaleOf(Math.max(...values.map(Math.abs)), unit)
  const digits = decimalsOf(step / by)
  return values.map((value) => [decimals(value / by, digits), shown].filter(Boolean).join(' '))
}

/** How many decimals write a number of few digits whole; at most six. */
function decimalsOf(value: number): number {
  for (let digits = 0; digits < 6; digits++) {
    const size = value * 10 ** digits
    if (Math.abs(size - Math.round(size)) < 1e-6) return digits
  }
  return 6
}

interface Scale {
  /** What one of the shown unit is in the unit that is given. */
  readonly by: number
  readonly unit: string
  readonly digits: 'all' | 'three' | 'tenths'
}

function scaleOf(value: number, unit: string): Scale {
  switch (unit) {
    case 'By':
      return steps(value, ['B', 'kB', 'MB', 'GB', 'TB', 'PB'])
    case 'By/s':
      return steps(value, ['B/s', 'kB/s', 'MB/s', 'GB/s'])
    case 'bit/s':
      return steps(value, ['bit/s', 'kbit/s', 'Mbit/s', 'Gbit/s'])
    case 's':
      return Math.abs(value) < 1 && value !== 0 ? { by: 0.001, unit: 'ms', digits: 'three' } : plain('s')
    case '1':
      return Math.abs(value) <= 1 ? { by: 0.01, unit: '%', digits: 'tenths' } : plain('')
    default:
      return plain(unitNames[unit] ?? (/^\{.*\}$/.test(unit) ? unit.slice(1, -1) : unit.replace(/\{.*?\}/g, '')))
  }
}

/** Codes of UCUM that people write otherwise. Annotations in braces are words already. */
const unitNames: Readonly<Record<string, string>> = {
  Cel: '°C',
  '[degF]': '°F',
  '%': '%',
  '1/s': '/s',
  '1/min': '/min',
  'm/s': 'm/s',
  'km/h': 'km/h',
  us: 'µs',
  Ohm: 'Ω',
  deg: '°',
  m2: 'm²',
  m3: 'm³',
}

function plain(unit: string): Scale {
  return { by: 1, unit, digits: 'all' }
}

function steps(value: number, names: readonly string[]): Scale {
  const size = Math.abs(value)
  const step = size < 1000 ? 0 : Math.min(names.length - 1, Math.floor(Math.log10(size) / 3))
  return { by: 1000 ** step, unit: names[step] ?? '', digits: 'tenths' }
}
