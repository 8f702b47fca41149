// Nothing of Weir but its schema: every stored event is also on the NATS subject
// live.<tenant>.events.<subject>. This is at most once, and for those who are on the inner network
// with a NATS user of their own.
import process from 'node:process'
import { fromBinary } from '@bufbuild/protobuf'
import { connect } from '@nats-io/transport-node'
import { EventSchema } from '@weir/proto'

const { WEIR_NATS_URL = 'nats://127.0.0.1:4222' } = process.env

const { username: user, password: pass, host } = new URL(WEIR_NATS_URL)
const nats = await connect({ servers: host, user, pass })
const subscription = nats.subscribe('live.main.events.snippets.>')
console.log('listening')
for await (const { subject, data } of subscription) {
  const event = fromBinary(EventSchema, data)
  console.log(subject.slice('live.main.events.'.length), event.data.value)
  break
}
await nats.close()
