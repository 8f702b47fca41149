import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Alert_Severity, Alert_Status, Step_Status } from '../gen/weir/v1/event_pb.js'
import { Mode, Removal, Start } from '../gen/weir/v1/wire_pb.js'
import {
  alertStatusValues,
  enumName,
  modeValues,
  removalValues,
  severityValues,
  startValues,
  stepStatusValues,
} from './enum-values.ts'

for (const [name, values, generated] of [
  ['Mode', modeValues, Mode],
  ['Start', startValues, Start],
  ['Removal', removalValues, Removal],
  ['Alert.Severity', severityValues, Alert_Severity],
  ['Alert.Status', alertStatusValues, Alert_Status],
  ['Step.Status', stepStatusValues, Step_Status],
] as const) {
  test(`${name} has the names and numbers of the .proto files`, () => {
    const numbers = Object.entries(generated).filter(([, value]) => typeof value === 'number')
    assert.deepEqual(values, Object.fromEntries(numbers))
  })
}

test('a value without a name is its number', () => {
  assert.equal(enumName(modeValues, 2), 'LATEST')
  assert.equal(enumName(modeValues, 9), 9)
})
