import type { Event } from '@weir/proto'
import { parsedJson } from './event-record.ts'
import { ownValue } from './own-value.ts'
import { valueAt } from './value-at.ts'

/** A metric of an event, whether it is one of a reading or a number of JSON data. */
export type VisitMetric = (name: string, value: number, unit: string, integer: bigint | undefined) => void

/** Which metrics of events are taken. */
export interface MetricSelection {
  /** As declared; undefined takes all of a reading, and none of JSON data. */
  readonly declared: readonly string[] | undefined
  /** Whether the event is of a kind that has metrics: no key has to be made of one that is not. */
  mayBeIn(event: Event): boolean
  /** Visits every one that the event has with a finite value; false when it has none. */
  visit(event: Event, visit: VisitMetric): boolean
}

/**
 * @param declared names of metrics of readings, and `data.<path>` of numbers in JSON data, which
 *   are then called `<path>`
 */
export function selectMetrics(declared: readonly string[] | undefined): MetricSelection {
  const inData = (declared ?? [])
    .filter((name) => name.startsWith(dataPrefix))
    .map((name) => name.slice(dataPrefix.length))
    .map((name) => ({ name, path: name.split('.') }))
  return {
    declared,
    mayBeIn: ({ data }) => data.case === 'reading' || (data.case === 'json' && inData.length > 0),
    visit({ data }, visit) {
      let found = false
      if (data.case === 'json' && inData.length > 0) {
        const json = parsedJson(data.value)
        for (const { name, path } of inData) {
          const value = valueAt(json, path)
          if (typeof value !== 'number' || !Number.isFinite(value)) continue
          visit(name, value, '', undefined)
          found = true
        }
      } else if (data.case === 'reading') {
        const { metrics, units, integers } = data.value
        for (const name of declared ?? Object.keys(metrics)) {
          const value = ownValue(metrics, name)
          if (value === undefined || !Number.isFinite(value)) continue
          visit(name, value, ownValue(units, name) ?? '', ownValue(integers, name))
          found = true
        }
      }
      return found
    },
  }
}

const dataPrefix = 'data.'
