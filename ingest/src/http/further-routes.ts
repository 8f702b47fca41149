import type { DescribedRoute } from '@weir/mesh/edge'
import { schemaReference } from '@weir/proto'
import type { IngestOperation } from './ingest-operation.ts'

/** What ingest serves beside its endpoints, as OpenAPI describes it. */
export const furtherRoutes: readonly DescribedRoute<IngestOperation>[] = [
  {
    method: 'POST',
    path: '/v1/beacon',
    operation: {
      summary: 'Events of a page that goes away, by navigator.sendBeacon',
      description: 'The form has the token, since a beacon sets no header; the answer is that of POST /v1/events.',
      security: [],
      parameters: [],
      requestBody: {
        required: true,
        content: {
          'application/x-www-form-urlencoded': {
            schema: {
              type: 'object',
              required: ['access_token', 'events'],
              properties: {
                access_token: { type: 'string', description: 'The JWT (RFC 6750, section 2.2).' },
                events: { type: 'string', description: 'JSON, as POST /v1/events takes it.' },
              },
            },
            'x-name': 'a form with the fields access_token and events',
          },
        },
      },
      responses: {
        200: {
          description: 'Stored. Rejected records are listed.',
          content: { 'application/json': { schema: schemaReference('Accepted') } },
        },
        default: {
          description: 'As POST /v1/events refuses.',
          content: { 'application/problem+json': { schema: schemaReference('Problem') } },
        },
      },
    },
  },
  {
    method: 'GET',
    path: '/ping',
    operation: {
      summary: 'Whether somebody is there, as clients of InfluxDB ask',
      security: [],
      parameters: [
        {
          name: 'verbose',
          in: 'query',
          description: 'Answers 200 with the version as JSON.',
          schema: { type: 'string' },
        },
      ],
      responses: {
        200: { description: 'With `verbose`: the version.', content: { 'application/json': { schema: {} } } },
        204: { description: 'Yes; the version is in X-Influxdb-Version.' },
      },
    },
  },
  {
    method: 'GET',
    path: '/health',
    operation: {
      summary: 'Whether lines are taken, as clients of InfluxDB 2 ask',
      security: [],
      parameters: [],
      responses: { 200: { description: 'They are.', content: { 'application/json': { schema: {} } } } },
    },
  },
]
