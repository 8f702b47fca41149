// MQTT: any client publishes and subscribes; the password is the token, and `/` is the dot. The
// promise of a message of QoS 1 resolves when the stream has it. Who subscribes begins with the
// newest value of each topic, as a retained message.
import process from 'node:process'
import { connectAsync } from 'mqtt'

const { WEIR_MQTT_URL = 'mqtt://127.0.0.1:1883', WEIR_TOKEN = '' } = process.env
const options = { username: 'any', password: WEIR_TOKEN, protocolVersion: 5 } as const

const device = await connectAsync(WEIR_MQTT_URL, options, false)
await device.publishAsync('snippets/mqtt/b1/climate', '{"celsius": 71.5}', { qos: 1 })
console.log('stored')

const board = await connectAsync(WEIR_MQTT_URL, options, false)
const both = new Promise<void>((resolve) => {
  board.on('message', (topic, payload, { retain }) => {
    console.log(topic, payload.toString(), retain ? 'the newest' : 'just now')
    if (retain) device.publish(topic, '{"celsius": 72}', { qos: 1 })
    else resolve()
  })
})
await board.subscribeAsync('snippets/mqtt/+/climate')
await both
await Promise.all([device.endAsync(), board.endAsync()])
