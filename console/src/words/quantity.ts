import { number, short } from './numbers.ts'

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
  switch (unit) {
    case '':
      return { text: number(value), unit: '' }
    case 'By':
      return steps(value, ['B', 'kB', 'MB', 'GB', 'TB', 'PB'])
    case 'By/s':
      return steps(value, ['B/s', 'kB/s', 'MB/s', 'GB/s'])
    case 'bit/s':
      return steps(value, ['bit/s', 'kbit/s', 'Mbit/s', 'Gbit/s'])
    case 's':
      return Math.abs(value) < 1 && value !== 0
        ? { text: number(Number((value * 1000).toPrecision(3))), unit: 'ms' }
        : plain(value, 's')
    case '1':
      return Math.abs(value) <= 1 ? { text: short(value * 100), unit: '%' } : plain(value, '')
    default:
      return plain(value, unitNames[unit] ?? (/^\{.*\}$/.test(unit) ? unit.slice(1, -1) : unit.replace(/\{.*?\}/g, '')))
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

function plain(value: number, unit: string): { text: string; unit: string } {
  return { text: number(value), unit }
}

function steps(value: number, names: readonly string[]): { text: string; unit: string } {
  const size = Math.abs(value)
  const step = size < 1000 ? 0 : Math.min(names.length - 1, Math.floor(Math.log10(size) / 3))
  const shown = value / 1000 ** step
  return {
    text: step === 0 || Math.abs(shown) >= 100 ? number(Math.round(shown)) : short(shown),
    unit: names[step] ?? '',
  }
}
