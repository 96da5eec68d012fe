# METADATA
# title: Hosts
# description: |
#   Hosts of URLs and domains of e-mail addresses, compared as hosts and not as text: `evil-northwind.example` does not end in
#   `northwind.example`, and `https://northwind.example@evil.example/` goes to evil.example.
#
#   What programs read in different ways has no host here: user information, backslashes, spaces, control characters, percent
#   signs or letters beyond ASCII in the host. Then the function is undefined and every comparison is false. So name what is
#   allowed; a list of what is refused can always be written around.
package gateway.v1.hosts

# METADATA
# description: The host of a URL in lower case, without port and final dot; undefined where it is in doubt.
of(url) := name(found[0][1]) if {
	is_string(url)
	not regex.match(`[\x00-\x20\x7f\\]`, url)
	found := regex.find_all_string_submatch_n(
		`^[A-Za-z][A-Za-z0-9+.-]*://([A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?(?:[/?#]|$)`,
		url, 1,
	)
}

# METADATA
# description: |
#   The domain of one plain e-mail address in lower case; undefined for lists, display names, quoted and unusual local parts.
of_address(address) := name(found[0][1]) if {
	is_string(address)
	found := regex.find_all_string_submatch_n(`^[A-Za-z0-9.!#$&'*+/=?^_{|}~-]+@([A-Za-z0-9][A-Za-z0-9.-]*)$`, address, 1)
}

# METADATA
# description: Whether a host is the allowed one or one of its subdomains. Addresses (1.2.3.4, [::1]) match only themselves.
default matches(_, _) := false

matches(allowed, host) if name(allowed) == name(host)

matches(allowed, host) if {
	not is_ip(name(host))
	endswith(name(host), concat("", [".", name(allowed)]))
}

# METADATA
# description: Whether a URL goes to one of the allowed hosts or to a subdomain of one.
default allowed(_, _) := false

allowed(url, hosts) if {
	some host in hosts
	matches(host, of(url))
}

# METADATA
# description: Whether an e-mail address belongs to one of the domains or to a subdomain of one.
default address_within(_, _) := false

address_within(address, domains) if {
	some domain in domains
	matches(domain, of_address(address))
}

# METADATA
# description: |
#   Whether a URL goes to the public internet by http or https: not to this machine, a private network, a cloud's metadata, a
#   name without a dot or one that is only known inside. Addresses of IPv6 count as not public. Where a name leads is not known
#   here: a name of the public internet can lead to a private address.
default is_public(_) := false

is_public(url) if {
	is_web(url)
	host := name(of(url))
	is_public_host(host)
}

# METADATA
# description: Whether a URL is one of http or https.
default is_web(_) := false

is_web(url) if {
	is_string(url)
	regex.match(`^(?i:https?)://`, url)
}

is_public_host(host) if {
	contains(host, ".")
	not looks_like_address(host)
	not is_inside_name(host)
}

is_public_host(host) if {
	regex.match(`^(?:[1-9]?[0-9]|1[0-9][0-9]|2[0-4][0-9]|25[0-5])(?:\.(?:[1-9]?[0-9]|1[0-9][0-9]|2[0-4][0-9]|25[0-5])){3}$`, host)
	every network in private_networks {
		not net.cidr_contains(network, host)
	}
}

# Browsers and resolvers read 127.1, 0x7f.1 and 2130706433 as addresses too.
looks_like_address(host) if regex.match(`^\[|(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)$`, host)

is_inside_name(host) if {
	some ending in inside_endings
	endswith(concat("", [".", host]), ending)
}

inside_endings := {
	".localhost", ".local", ".localdomain", ".internal", ".intranet", ".lan", ".corp", ".home", ".home.arpa", ".private",
	".test", ".invalid",
}

private_networks := {
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
	"192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3",
}

name(host) := text if {
	is_string(host)
	text := trim_suffix(lower(host), ".")
	text != ""
	not contains(text, "..")
}

is_ip(host) if regex.match(`^[0-9.]+$|^\[`, host)
