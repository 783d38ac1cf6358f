#!/usr/bin/perl
# A hook command as the charm sees it: passes its name and words to the agent, prints the answer.
# Perl, because it starts ten times as fast as Python and every Debian and Ubuntu has it; the file
# loads no module. Every tool on PATH is a link to it. The agent's side is in hook_server.py.

my ($name) = $0 =~ m{([^/]+)\z};
my $stdin = '';
if ((grep { $_ eq '--file' } @ARGV) && (grep { $_ eq '-' } @ARGV)) {
    local $/;
    $stdin = <STDIN>;
}
my $head = join("\0", $ENV{JUJU_CONTEXT_ID}, $name, @ARGV);
my $answer = '';
my $agent;
alarm 60;    # seconds
socket($agent, 1, 1, 0)    # AF_UNIX, SOCK_STREAM
  && connect($agent, pack('S a* x', 1, $ENV{JUJU_AGENT_SOCKET_ADDRESS}))
  && send_all($agent, length($head) . ' ' . length($stdin) . "\n$head$stdin")
  or fail($!);
while (sysread($agent, $answer, 65536, length $answer)) { }
my ($code, $length, $body) = $answer =~ /\A(\d+) (\d+)\n(.*)\z/s or fail('no answer');
print STDOUT substr($body, 0, $length);
print STDERR substr($body, $length);
exit $code;

sub send_all {
    my ($socket, $bytes) = @_;
    my $sent = 0;
    while ($sent < length $bytes) {
        $sent += syswrite($socket, $bytes, length($bytes) - $sent, $sent) || return 0;
    }
    return 1;
}

sub fail {
    print STDERR "ERROR $name: the agent does not answer: @_\n";
    exit 1;
}
