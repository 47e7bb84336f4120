# Talking to sockets with what Debian's base has: perl-base.

# probe ADDRESS SECONDS [TEXT]: connects to HOST:PORT or unix:PATH and, when TEXT is given, sends it and prints the answer
# (of a reply that keeps the connection, its first line). Fails when that takes too long.
probe() {
	perl -MIO::Socket::IP -MIO::Socket::UNIX -e '
		my ($address, $seconds, $text) = @ARGV;
		$SIG{ALRM} = sub { exit 1 };
		alarm $seconds;
		my $socket;
		if ($address =~ /^unix:(.*)/s) {
			$socket = IO::Socket::UNIX->new(Peer => $1);
		} elsif ($address =~ /^\[?(.*?)\]?:(\d+)$/) {
			$socket = IO::Socket::IP->new(PeerHost => $1, PeerPort => $2);
		}
		exit 1 unless $socket;
		exit 0 unless defined $text;
		$text =~ s/\\r\\n/\r\n/g;
		print $socket $text;
		$socket->flush;
		$| = 1;
		while (my $line = <$socket>) {
			print $line;
			exit 0 if $. == 1 && $line =~ m{^(HTTP/\S+ 101|[+-])};
		}
		exit !$.;' -- "$@" 2>/dev/null
}

probe_http() { # PATH: the whole answer
	probe "$(settings_address)" 5 "GET $1 HTTP/1.1\r\nHost: itn\r\nConnection: close\r\n\r\n"
}

probe_websocket() {
	probe "$(settings_address)" 5 "GET /api/updates/real-time HTTP/1.1\r\nHost: itn\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
}

# probe_bind HOST PORT: fails, and says why, when nothing can listen there.
probe_bind() {
	perl -MIO::Socket::IP -e '
		my ($host, $port) = @ARGV;
		IO::Socket::IP->new(LocalHost => $host, LocalPort => $port, Listen => 1, ReuseAddr => 1) and exit 0;
		print $!{EADDRINUSE} ? "the port $port is taken on $host; set ITN_PORT to a free one"
			: $!{EACCES} ? "this user may not listen on port $port; set ITN_PORT to one above 1023"
			: "nothing can listen on $host port $port (ITN_BIND, ITN_PORT): " . ($! || $@);
		exit 1;' -- "$1" "$2" 2>/dev/null
}
