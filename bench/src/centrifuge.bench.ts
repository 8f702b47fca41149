/**
 * What a delivery by the Centrifuge protocol costs: 500 subscribers on raw sockets, in Protobuf, of
 * a hub and of a Centrifugo whose channels are the same subjects of NATS. Figures are entries that
 * reached a socket, a CPU second of the process that sent them.
 */
import { BenchMesh } from './hub/bench-mesh.ts'
import {
  compare,
  hubTurn,
  measure,
  oneChannel,
  peerTurn,
  publishing,
  type Scenario,
  type Sending,
  say,
  subscribers,
} from './hub/fan-out-turns.ts'
import { startCentrifugo } from './processes/centrifugo.ts'
import type { Benchmark, BenchmarkOptions } from './report/benchmark.ts'

export const centrifuge: Benchmark = {
  name: 'centrifuge',
  title: 'deliveries a CPU second by the Centrifuge protocol, against Centrifugo',
  run: runCentrifuge,
}

/**
 * Each goes as fast as it can, and the hub also at the rate that Centrifugo takes. Where there is
 * no Centrifugo, the peer is one send an event.
 */
async function runCentrifuge(options: BenchmarkOptions): Promise<void> {
  const scenario: Scenario = {
    ...oneChannel(500),
    name: '500 subscribers by the Centrifuge protocol',
    dialect: 'centrifuge',
    windowBytes: 0,
  }
  const hub = await hubTurn(options, scenario)
  const peer = await centrifugoTurn(options, scenario)
  if (peer === undefined) {
    compare(
      options,
      scenario.name,
      [hub.perCpuSecond],
      [(await peerTurn(options, 'each')).perCpuSecond],
      'one send an event',
      {
        budget: { atLeast: 5, of: 'ratio' },
      },
    )
    return
  }
  compare(options, scenario.name, [hub.perCpuSecond], [peer.perCpuSecond], 'Centrifugo, as fast as it goes', {
    budget: { atLeast: 5, of: 'ratio' },
  })
  const paced = await hubTurn(options, scenario, peer.eventsPerSecond)
  const name = `${scenario.name}, at the rate of Centrifugo`
  compare(options, name, [paced.perCpuSecond], [peer.perCpuSecond], 'Centrifugo, as fast as it goes')
}

async function centrifugoTurn(options: BenchmarkOptions, scenario: Scenario): Promise<Sending | undefined> {
  const mesh = await BenchMesh.start()
  try {
    const peer = await startCentrifugo(mesh.nats.url)
    if (peer === undefined) return undefined
    mesh.add(peer)
    const load = mesh.load()
    await load.ask('open', { ...(await subscribers(scenario, peer.port)), filter: 'live.main.events.>', tokens: [''] })
    const sending = await measure(options, load, peer.pid, scenario, publishing(scenario, mesh.nats.url))
    return say(options, 'peer, Centrifugo', sending)
  } finally {
    await mesh.stop()
  }
}
