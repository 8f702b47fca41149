import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as layout from './layout.ts'

test('names are those of the design: operators and other tools rely on them', () => {
  assert.equal(layout.eventStream('acme'), 'EV_acme')
  assert.equal(layout.eventSubject('acme', 'rooms.r1'), 'ev.acme.rooms.r1')
  assert.equal(layout.bucketName('acme', 'latest'), 'acme_latest')
  assert.equal(layout.bucketStream('acme', 'latest'), 'KV_acme_latest')
  assert.equal(layout.keySubject('acme', 'latest', 'rooms.r1'), '$KV.acme_latest.rooms.r1')
  assert.equal(layout.deadLetterStream('acme'), 'DLQ_acme')
  assert.equal(layout.deadLetterSubject('acme', 'rooms.r1'), 'dlq.acme.rooms.r1')
})

test('a source is a stream, what its subjects begin with, and what they are republished under', () => {
  assert.equal(layout.sourceStream('acme', 'events'), 'EV_acme')
  assert.equal(layout.sourceSubject('acme', 'events'), 'ev.acme')
  assert.equal(layout.liveSubject('acme', 'events'), 'live.acme.events')
  assert.equal(layout.sourceStream('acme', 'latest'), 'KV_acme_latest')
  assert.equal(layout.sourceSubject('acme', 'latest'), '$KV.acme_latest')
  assert.equal(layout.liveSubject('acme', 'latest'), 'live.acme.latest')
})
