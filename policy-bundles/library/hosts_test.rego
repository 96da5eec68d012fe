package library_test

import data.gateway.v1.hosts

hosts_of_urls := {
	"https://northwind.example": "northwind.example",
	"https://NorthWind.Example./a?b#c": "northwind.example",
	"http://api.northwind.example:8443/a@b": "api.northwind.example",
	"https://northwind.example?x=https://evil.example": "northwind.example",
	"http://127.0.0.1:3000/": "127.0.0.1",
	"http://[::1]:3000/": "[::1]",
}

urls_without_host := {
	"",
	"northwind.example",
	"//northwind.example",
	"mailto:sam@northwind.example",
	"file:///etc/passwd",
	"https://northwind.example@evil.example/",
	"https://evil.example\\@northwind.example/",
	" https://northwind.example",
	"https://north\twind.example",
	"https://northwind.example%2eevil.example/",
	"https://nörthwind.example/",
	"https://northwind..example/",
	"https://northwind.example:port/",
}

test_a_url_has_a_host if {
	every url, host in hosts_of_urls {
		hosts.of(url) == host
	}
}

test_a_doubtful_url_goes_nowhere if {
	every url in urls_without_host {
		not hosts.of(url)
		not hosts.allowed(url, ["northwind.example", "evil.example"])
	}
	not hosts.of(1)
}

test_a_host_matches_itself_and_its_subdomains if {
	hosts.matches("northwind.example", "northwind.example")
	hosts.matches("Northwind.example.", "api.northwind.example")
	hosts.allowed("https://a.b.northwind.example/x", ["contoso.example", "northwind.example"])
}

test_a_common_ending_is_no_match if {
	not hosts.matches("northwind.example", "evil-northwind.example")
	not hosts.matches("northwind.example", "northwind.example.evil")
	not hosts.matches("api.northwind.example", "northwind.example")
	not hosts.matches("", "northwind.example")
	not hosts.matches("northwind.example", "")
	not hosts.allowed("https://northwind.example", [])
}

test_an_address_of_the_network_matches_only_itself if {
	hosts.matches("10.0.0.1", "10.0.0.1")
	not hosts.matches("0.0.1", "10.0.0.1")
	not hosts.matches("1]", "[::1]")
}

test_an_address_has_a_domain if {
	hosts.of_address("sam@Northwind.example") == "northwind.example"
	hosts.of_address("sam+list.x@mail.northwind.example") == "mail.northwind.example"
	hosts.address_within("sam@mail.northwind.example", ["northwind.example"])
}

test_a_doubtful_address_has_none if {
	every address in [
		"sam",
		"sam@northwind.example@evil.example",
		"sam@evil.example,kim@northwind.example",
		"\"sam@northwind.example\" <x@evil.example>",
		"sam@evil.example (northwind.example)",
		" sam@northwind.example",
		"sam@northwind.example\nbcc: x@evil.example",
		"sam@",
		"@northwind.example",
		null,
	] {
		not hosts.of_address(address)
		not hosts.address_within(address, ["northwind.example", "evil.example"])
	}
	not hosts.address_within("sam@evil-northwind.example", ["northwind.example"])
}

test_the_public_internet_is_public if {
	every url in {"https://northwind.example/a", "HTTP://www.northwind.example:8080", "http://93.184.216.34/"} {
		hosts.is_public(url)
	}
}

inside_urls := {
	"http://localhost:3000/", "http://printer/", "http://a.localhost/", "http://nas.local/", "http://metadata.google.internal/",
	"http://127.0.0.1/", "http://127.1/", "http://2130706433/", "http://0x7f.0.0.1/", "http://0177.0.0.1/", "http://10.1.2.3/",
	"http://100.100.100.200/", "http://169.254.169.254/latest", "http://172.20.0.1/", "http://192.168.1.1/", "http://0.0.0.0/",
	"http://[::1]/", "http://[fd00:ec2::254]/", "http://[::ffff:127.0.0.1]/", "http://256.1.1.1/", "http://224.0.0.1/",
}

test_what_lies_inside_is_not_public if {
	every url in inside_urls {
		not hosts.is_public(url)
	}
}

test_what_is_no_web_address_is_not_public if {
	every url in {"file:///etc/passwd", "ftp://northwind.example/", "https://a@northwind.example/", "northwind.example", ""} {
		not hosts.is_public(url)
	}
	not hosts.is_public(1)
}
