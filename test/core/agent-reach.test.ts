import { expect, test } from 'vitest';
import { isInReach } from '../../src/core/agent-reach.ts';

const EVERYTHING = { servers: undefined, tools: undefined };

test.for([
  { name: 'an agent that is not configured reaches everything', reach: undefined, isReached: true },
  { name: 'one without limits reaches everything', reach: EVERYTHING, isReached: true },
  { name: 'a listed server is reached', reach: { ...EVERYTHING, servers: ['files'] }, isReached: true },
  { name: 'one that is not listed is not', reach: { ...EVERYTHING, servers: ['mail'] }, isReached: false },
  { name: 'an empty list reaches nothing', reach: { ...EVERYTHING, servers: [] }, isReached: false },
  { name: 'a listed tool is reached', reach: { ...EVERYTHING, tools: ['files/read'] }, isReached: true },
  { name: 'another tool of the server is not', reach: { ...EVERYTHING, tools: ['files/write'] }, isReached: false },
  { name: 'a star stands for every tool', reach: { ...EVERYTHING, tools: ['files/*'] }, isReached: true },
  { name: 'a star stands for every server', reach: { ...EVERYTHING, tools: ['*/read'] }, isReached: true },
  { name: 'a star is no part of a name', reach: { ...EVERYTHING, tools: ['files/re*'] }, isReached: false },
  {
    name: 'server and tool must both be listed',
    reach: { servers: ['mail'], tools: ['files/read'] },
    isReached: false,
  },
])('$name', ({ reach, isReached }) => {
  expect(isInReach(reach, 'files', 'read')).toBe(isReached);
});
