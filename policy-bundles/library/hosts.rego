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

name(host) := text if {
	is_string(host)
	text := trim_suffix(lower(host), ".")
	text != ""
	not contains(text, "..")
}

is_ip(host) if regex.match(`^[0-9.]+$|^\[`, host)
