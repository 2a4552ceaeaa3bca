-- wrk's part: a file of request bodies, one a line, sent in turn; the figures as JSON at the end.
local requests = {}
local at = 0

function init(args)
  local headers = { ["Content-Type"] = "application/json", ["Accept"] = "application/graphql-response+json" }
  for line in io.lines(args[1]) do
    requests[#requests + 1] = wrk.format("POST", nil, headers, line)
  end
end

function request()
  at = at % #requests + 1
  return requests[at]
end

function done(summary, latency)
  local errors = summary.errors
  local failures = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write(string.format(
    '{"requests": %d, "seconds": %f, "p50_ms": %f, "p99_ms": %f, "failures": %d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1000, latency:percentile(99) / 1000, failures
  ))
end
