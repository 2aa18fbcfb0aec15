// A gRPC client that takes its routes from the control plane named by GRPC_XDS_BOOTSTRAP_CONFIG or GRPC_XDS_BOOTSTRAP.
//
// One command per line of standard input, one line of JSON per command on standard output:
//   call <target> <count> <ms>  makes calls with this much time each, and reports on them
//   state <target>              tells the connectivity state of the channel
//   start <target>              begins calling without pause
//   load                        reports on the calls since "start"
//   stop                        ends them, and reports
// It ends when standard input does.

import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import grpc from '@grpc/grpc-js';
import xds from '@grpc/grpc-js-xds';
import protoLoader from '@grpc/proto-loader';

const WORKERS = 4;
// Ends a call of the load that hangs.
const LOAD_CALL_TIMEOUT_MS = 20_000;
// Enough to see what went wrong; a broken target fails thousands of times.
const MAX_FAILURES_KEPT = 10;

const protoFile = fileURLToPath(new URL('../../ProxylessMesh.Tests.Peers/echo.proto', import.meta.url));
const { EchoService } = grpc.loadPackageDefinition(protoLoader.loadSync(protoFile)).proxylessmesh.tests.peers;

class Report {
  answers = {};
  failed = 0;
  failures = [];

  addAnswer(backend) {
    this.answers[backend] = (this.answers[backend] ?? 0) + 1;
  }

  addFailure({ code, details }) {
    this.failed++;
    if (this.failures.length < MAX_FAILURES_KEPT) {
      this.failures.push({ code: grpc.status[code], details });
    }
  }
}

// One channel per target, for as long as the process lives.
const clients = new Map();

function clientOf(target) {
  if (!clients.has(target)) {
    clients.set(target, new EchoService(target, grpc.credentials.createInsecure()));
  }
  return clients.get(target);
}

function callOnce(target, timeoutMs, report) {
  return new Promise((resolve) => {
    clientOf(target).unary({}, { deadline: Date.now() + timeoutMs }, (error, reply) => {
      if (error) {
        report.addFailure(error);
      } else {
        report.addAnswer(reply.backend);
      }
      resolve();
    });
  });
}

// Calls from several workers, for as long as each is told to go on before its next call.
async function callWhile(goesOn, target, timeoutMs, report) {
  const worker = async () => {
    while (goesOn()) {
      await callOnce(target, timeoutMs, report);
    }
  };
  await Promise.all(Array.from({ length: WORKERS }, worker));
  return report;
}

class Load {
  report = new Report();
  #isStopped = false;
  #end;

  constructor(target) {
    this.#end = callWhile(() => !this.#isStopped, target, LOAD_CALL_TIMEOUT_MS, this.report);
  }

  stop() {
    this.#isStopped = true;
    return this.#end;
  }
}

let load = null;

function running() {
  if (load === null) {
    throw new Error("There is no load: 'start' comes first.");
  }
  return load;
}

async function obey([command, target, count, timeoutMs]) {
  switch (command) {
    case 'call': {
      let left = Number(count);
      return callWhile(() => left-- > 0, target, Number(timeoutMs), new Report());
    }
    case 'state':
      return grpc.connectivityState[clientOf(target).getChannel().getConnectivityState(false)];
    case 'start':
      load = new Load(target);
      return load.report;
    case 'load':
      return running().report;
    case 'stop':
      return running().stop();
    default:
      throw new Error(`There is no command '${command}'.`);
  }
}

xds.register();
for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await obey(line.split(' '))));
}
process.exit();
