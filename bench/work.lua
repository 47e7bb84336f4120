-- What "other clients" do while a long list goes out: read one trade, read a page, write one; each with a little rest.
local bodies = 0

function init(args)
	trades = {}
	for id in io.lines(os.getenv("ITN_BENCH_TRADES")) do
		trades[#trades + 1] = id
	end
	math.randomseed(#trades)
end

function delay()
	return math.random(5, 15)
end

function request()
	local n = math.random(10)
	if n == 1 then
		bodies = bodies + 1
		return wrk.format("POST", "/api/trades", { ["Content-Type"] = "application/json" },
			'{"buyer":"Worker ' .. bodies .. '","buyerEmail":"ada@example.org","seller":"Bo","sellerEmail":"bo@example.org",' ..
			'"items":[{"name":"Dilithium","quantity":1}],"destination":"Nowhere"}')
	elseif n == 2 then
		return wrk.format("GET", "/api/trades?limit=20")
	end
	return wrk.format("GET", "/api/trades/" .. trades[math.random(#trades)])
end
