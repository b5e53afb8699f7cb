//! How far a connection may reach: which addresses may be connected to, whatever a host's name leads to.
//!
//! Must not know: which hosts are allowed, what is sent.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use reqwest::Url;

/// The prefix of addresses that stand for one of IPv4 where a network has IPv6 only (RFC 6052).
const NAT64: [u16; 6] = [0x64, 0xff9b, 0, 0, 0, 0];

/// How far one connection reaches. Its login's address says it: nobody is at this machine by accident.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// The public internet, and neither this machine nor a network around it.
    Public,
    /// This machine as well: the login is on it, as a simulator's is.
    ThisMachine,
}

impl Reach {
    /// The reach of a connection that signs in at `login`.
    pub(crate) fn of(login: &Url) -> Self {
        if is_this_machine(login) { Self::ThisMachine } else { Self::Public }
    }

    /// Whether a connection may be made to this address.
    pub(crate) fn permits(self, address: IpAddr) -> bool {
        match self {
            Self::Public => is_public(address),
            Self::ThisMachine => address.is_loopback() || is_public(address),
        }
    }

    /// Whether the host of `url` may be asked for: a name may, its addresses are looked at when they are known.
    pub(crate) fn permits_host_of(self, url: &Url) -> bool {
        match (number(url), self) {
            (Some(address), _) => self.permits(address),
            (None, Self::Public) => !is_this_machine(url),
            (None, Self::ThisMachine) => true,
        }
    }
}

/// Whether an address, such as a service's, names this machine; one that cannot be read names nothing.
#[must_use]
pub fn names_this_machine(address: &str) -> bool {
    Url::parse(address).is_ok_and(|url| is_this_machine(&url))
}

/// Whether an address names this machine: in numbers, or by the name that stands for it.
pub(crate) fn is_this_machine(url: &Url) -> bool {
    match number(url) {
        Some(address) => address.is_loopback(),
        None => url.host_str().is_some_and(|name| {
            let name = name.trim_end_matches('.');
            name == "localhost" || name.ends_with(".localhost")
        }),
    }
}

/// The host's address, when the host is one: every spelling of IPv4 in one number, octal or hexadecimal has been read as what it
/// is when the URL was.
fn number(url: &Url) -> Option<IpAddr> {
    let host = url.host_str()?;
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

/// Whether an address is one of the public internet. Source: the special-purpose address registries of IANA.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let special = matches!(
        address.octets(),
        [0 | 240..=255, ..] | [100, 64..=127, ..] | [192, 0, 0, _] | [192, 88, 99, _] | [198, 18 | 19, ..]
    );
    let ours = address.is_loopback() || address.is_private() || address.is_link_local();
    !(special || ours || address.is_multicast() || address.is_documentation())
}

/// Of IPv6 only what is given out to networks, without the parts that stand for something else.
fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(mapped) = address.to_ipv4_mapped() {
        return is_public_v4(mapped);
    }
    let parts = address.segments();
    if parts[..6] == NAT64 {
        let [.., a, b, c, d] = address.octets();
        return is_public_v4(Ipv4Addr::new(a, b, c, d));
    }
    match parts {
        [0x2001, 0..=0x1ff | 0xdb8, ..] | [0x2002, ..] | [0x3fff, 0..=0xfff, ..] => false,
        [first, ..] => (0x2000..=0x3fff).contains(&first),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn public(address: &str) -> bool {
        Reach::Public.permits(address.parse().expect("an address"))
    }

    #[test]
    fn an_address_is_this_machine_s_only_when_it_names_it() {
        for here in ["http://127.0.0.1:4566", "http://localhost:4566/", "http://[::1]:4566", "https://127.0.0.9"] {
            assert!(names_this_machine(here), "{here}");
        }
        for away in [
            "https://vpce-1.secretsmanager.eu-central-1.vpce.amazonaws.com",
            "http://10.0.0.1:4566",
            "http://0.0.0.0:4566",
            "https://localhost.example.com",
            "https://127.0.0.1.example.com",
            "nonsense",
            "",
        ] {
            assert!(!names_this_machine(away), "{away}");
        }
    }

    #[test]
    fn addresses_of_this_machine_of_networks_around_it_and_of_no_network_are_not_public() {
        for address in [
            "127.0.0.1",
            "127.255.255.254",
            "0.0.0.0",
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "100.64.0.1",
            "169.254.169.254",
            "192.0.0.192",
            "192.0.2.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::7f00:1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "100::1",
        ] {
            assert!(!public(address), "{address}");
        }
    }

    #[test]
    fn addresses_that_salesforce_and_other_public_hosts_have_are_public() {
        for address in [
            "13.108.238.1",
            "85.222.134.1",
            "172.15.0.1",
            "172.32.0.1",
            "100.63.0.1",
            "100.128.0.1",
            "192.1.0.1",
            "8.8.8.8",
            "::ffff:8.8.8.8",
            "64:ff9b::808:808",
            "2606:4700::1111",
            "2a00:1450::1",
            "2001:4860:4860::8888",
        ] {
            assert!(public(address), "{address}");
        }
    }

    #[test]
    fn a_login_on_this_machine_reaches_it_and_the_public_internet_and_no_network_between() {
        for login in ["http://127.0.0.1:4000", "http://localhost", "https://[::1]", "http://org.localhost:1"] {
            let reach = Reach::of(&Url::parse(login).expect("an address"));
            assert_eq!(reach, Reach::ThisMachine, "{login}");
        }
        let permits = |address: &str| Reach::ThisMachine.permits(address.parse().expect("an address"));
        assert!(permits("127.0.0.1") && permits("::1") && permits("8.8.8.8"));
        assert!(!permits("10.0.0.1") && !permits("169.254.169.254") && !permits("::ffff:192.168.0.1"));
    }
}
