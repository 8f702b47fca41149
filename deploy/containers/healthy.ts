// Whether the service in this container is fit for traffic: `healthy.ts PORT` asks its admin port and ends with 0 or 1.

const port = process.argv[2]
try {
  const answer = await fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(2_000) })
  process.exit(answer.ok ? 0 : 1)
} catch {
  process.exit(1)
}
