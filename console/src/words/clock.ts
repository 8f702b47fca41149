import { tag } from './language.ts'
import { point } from './numbers.ts'

const seconds = new Intl.DateTimeFormat(tag, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
})
const minutes = new Intl.DateTimeFormat(tag, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
const days = new Intl.DateTimeFormat(tag, {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
})
const dates = new Intl.DateTimeFormat(tag, { day: 'numeric', month: 'short' })
const full = new Intl.DateTimeFormat(tag, { dateStyle: 'medium', timeStyle: 'medium' })

let second = Number.NaN
let secondText = ''

/**
 * "20:14:07.311", in the browser's time zone. The text of a second is made once: rows of one second
 * come together.
 */
export function clockMs(timeMs: number): string {
  const at = Math.floor(timeMs / 1000)
  if (at !== second) {
    second = at
    secondText = seconds.format(at * 1000)
  }
  return `${secondText}${point}${String(Math.floor(timeMs - at * 1000)).padStart(3, '0')}`
}

export function clockSeconds(timeMs: number): string {
  return seconds.format(timeMs)
}

export function clockMinutes(timeMs: number): string {
  return minutes.format(timeMs)
}

export function day(timeMs: number): string {
  return dates.format(timeMs)
}

export function dayAndTime(timeMs: number): string {
  return days.format(timeMs)
}

export function fullTime(timeMs: number): string {
  return full.format(timeMs)
}

/** A moment as short as it can be told: the time alone within the last half day. */
export function momentText(timeMs: number, nowMs: number): string {
  return Math.abs(nowMs - timeMs) < 43_200_000 ? clockMinutes(timeMs) : dayAndTime(timeMs)
}
