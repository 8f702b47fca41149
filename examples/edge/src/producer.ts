import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { producer } from '@weir/client'

// Sends the temperature of a room through the edge, once a second, until it is stopped.

const { EDGE_URL = 'http://127.0.0.1:8000', WEIR_TOKEN = '' } = process.env

const sender = producer({
  url: EDGE_URL,
  token: WEIR_TOKEN,
  onRejected: ({ subject, message }) => console.error(`${subject}: ${message}`),
})

for (let second = 0; ; second++) {
  const celsius = 20 + 2 * Math.sin(second / 10)
  await sender.send('rooms.r1.climate', {
    data: { case: 'reading', value: { metrics: { celsius }, units: { celsius: 'Cel' } } },
  })
  await sleep(1_000)
}
