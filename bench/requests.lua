-- What wrk sends: each request to one of the addresses in the file BENCH_PATHS, drawn at random (same draw each run).
-- BENCH_BODY names a file to POST as JSON; BENCH_SCRIPT names a peer's own script that sets method, headers and body.
local script, body_file = os.getenv("BENCH_SCRIPT"), os.getenv("BENCH_BODY")
if script then dofile(script) end
if body_file then
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
  local file = assert(io.open(body_file, "rb"))
  wrk.body = file:read("*a")
  file:close()
end

local paths = {}
for line in io.lines(os.getenv("BENCH_PATHS")) do paths[#paths + 1] = line end

function request()
  return wrk.format(nil, paths[math.random(#paths)])
end

-- An answer that takes longer than wrk's two seconds is slow, not wrong: errors.timeout is left out.
function done(summary, latency, _)
  local errors, answered = summary.errors, summary.requests > 0
  io.write(string.format(
    "\nRESULT %d %d %d %d %d\n", summary.requests, summary.duration,
    errors.status + errors.connect + errors.read + errors.write,
    answered and latency:percentile(50) or 0, answered and latency:percentile(99) or 0
  ))
end
