//! The addresses that a token or a secret may be sent to.
//!
//! Must not know: how a token is obtained, what is sent.

use reqwest::Url;
use rules::connection::Target;

use crate::reach::{Reach, is_this_machine};

/// Why an address is not used. The address itself is not shown: it may come from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotAllowed {
    /// It is no address of a host.
    #[error("the address cannot be read")]
    Unreadable,
    /// It would be sent in the clear.
    #[error("the address is not https")]
    NotSecure,
    /// Its host is not in `allowed_hosts`.
    #[error("the address names a host that is not among the allowed hosts")]
    Host,
    /// It is neither the usual port nor the login's.
    #[error("the address names a port that is not the login's")]
    Port,
    /// Its host is this machine or in a private network.
    #[error("the address names this machine or a private network")]
    Inside,
    /// It carries a user name or a password.
    #[error("the address carries a user name or a password")]
    User,
}

/// An address of an allowed host, without path and query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin(Url);

impl Origin {
    /// The address of `path` there.
    pub(crate) fn at(&self, path: &str) -> Url {
        let mut url = self.0.clone();
        url.set_path(path);
        url
    }

    /// Whether it is this machine, in the clear.
    pub(crate) fn is_plain(&self) -> bool {
        self.0.scheme() == "http"
    }
}

/// The hosts of one connection, and its login's address among them.
#[derive(Debug)]
pub(crate) struct Allowed {
    hosts: Vec<String>,
    reach: Reach,
    login: Origin,
}

impl Allowed {
    /// The hosts of `target`.
    ///
    /// # Errors
    /// When its own login address is not one to send a secret to.
    pub(crate) fn by(target: &Target) -> Result<Self, NotAllowed> {
        let reach = Reach::of(&Url::parse(&target.login_url).map_err(|_| NotAllowed::Unreadable)?);
        let login = admit(&target.allowed_hosts, reach, &target.login_url)?;
        Ok(Self { hosts: target.allowed_hosts.clone(), reach, login: Origin(login) })
    }

    /// How far it reaches.
    pub(crate) fn reach(&self) -> Reach {
        self.reach
    }

    /// The login's address.
    pub(crate) fn login(&self) -> &Origin {
        &self.login
    }

    /// The address that an org gave as its own.
    ///
    /// # Errors
    /// When no token may be sent there.
    pub(crate) fn instance(&self, address: &str) -> Result<Origin, NotAllowed> {
        let url = admit(&self.hosts, self.reach, address)?;
        if url.port().is_some() && url.port() != self.login.0.port() {
            return Err(NotAllowed::Port);
        }
        Ok(Origin(url))
    }
}

fn admit(hosts: &[String], reach: Reach, address: &str) -> Result<Url, NotAllowed> {
    let mut url = Url::parse(address).map_err(|_| NotAllowed::Unreadable)?;
    let host = url.host_str().ok_or(NotAllowed::Unreadable)?;
    let in_the_clear = url.scheme() == "http" && is_this_machine(&url);
    if !(url.scheme() == "https" || in_the_clear) {
        return Err(NotAllowed::NotSecure);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(NotAllowed::User);
    }
    if !hosts.iter().any(|allowed| allowed.eq_ignore_ascii_case(host)) {
        return Err(NotAllowed::Host);
    }
    if !reach.permits_host_of(&url) {
        return Err(NotAllowed::Inside);
    }
    url.set_path("");
    url.set_query(None);
    url.set_fragment(None);
    Ok(url)
}

#[cfg(test)]
mod tests {
    use rules::connection::Flow;

    use super::*;

    fn target(login_url: &str, hosts: &[&str]) -> Target {
        Target {
            login_url: login_url.to_owned(),
            allowed_hosts: hosts.iter().map(|&host| host.to_owned()).collect(),
            api_version: "62.0".to_owned(),
            flow: Flow::ClientCredentials,
            secret: "sf/acme".to_owned(),
        }
    }

    fn acme(instance: &str) -> Result<String, NotAllowed> {
        let target = target("https://acme.my.salesforce.com", &["acme.my.salesforce.com", "Eu7.Salesforce.com"]);
        let allowed = Allowed::by(&target).expect("the login is allowed");
        allowed.instance(instance).map(|origin| origin.at("/services").to_string())
    }

    #[test]
    fn an_instance_among_the_allowed_hosts_is_used_whatever_its_case_and_without_what_follows_the_host() {
        let acme_services = Ok("https://acme.my.salesforce.com/services".to_owned());
        assert_eq!(acme("https://acme.my.salesforce.com"), acme_services);
        assert_eq!(acme("https://ACME.my.Salesforce.com:443/path?query=1#part"), acme_services);
        assert_eq!(acme("https://eu7.salesforce.com"), Ok("https://eu7.salesforce.com/services".to_owned()));
    }

    #[test]
    fn no_token_is_sent_to_another_host_however_its_address_is_dressed_up() {
        for address in [
            "https://evil.example.com",
            "https://acme.my.salesforce.com.evil.example.com",
            "https://evil-acme.my.salesforce.com",
            "https://my.salesforce.com",
            "https://acme.my.salesforce.com.",
            "https://evil.example.com/acme.my.salesforce.com",
            "https://evil.example.com?https://acme.my.salesforce.com",
        ] {
            assert_eq!(acme(address), Err(NotAllowed::Host), "{address}");
        }
        assert_eq!(acme("https://acme.my.salesforce.com@evil.example.com"), Err(NotAllowed::User));
        assert_eq!(acme("https://acme.my.salesforce.com:8443"), Err(NotAllowed::Port));
        assert_eq!(acme("http://acme.my.salesforce.com"), Err(NotAllowed::NotSecure));
        assert_eq!(acme("ftp://acme.my.salesforce.com"), Err(NotAllowed::NotSecure));
        for address in ["", "acme.my.salesforce.com", "https://", "data:text/plain,x"] {
            assert_eq!(acme(address), Err(NotAllowed::Unreadable), "{address}");
        }
    }

    /// What becomes of an `instance_url` of this host when somebody has even allowed it.
    fn named_inside(host: &str) -> Result<Origin, NotAllowed> {
        let url = Url::parse(&format!("https://{host}")).expect("an address");
        let read = url.host_str().expect("a host").to_owned();
        let target = target("https://acme.my.salesforce.com", &["acme.my.salesforce.com", &read]);
        Allowed::by(&target).expect("the login is allowed").instance(&format!("https://{host}"))
    }

    #[test]
    fn no_token_is_sent_into_a_private_network_in_whatever_numbers_it_is_written() {
        for host in [
            "127.0.0.1",
            "127.1",
            "2130706433",
            "0x7f000001",
            "0x7f.0.0.1",
            "017700000001",
            "0177.0.0.01",
            "10.0.0.1",
            "167772161",
            "192.168.0.1",
            "169.254.169.254",
            "0xa9fea9fe",
            "0251.0376.0251.0376",
            "0",
            "[::1]",
            "[::]",
            "[::ffff:127.0.0.1]",
            "[::ffff:a9fe:a9fe]",
            "[64:ff9b::7f00:1]",
            "[fd00:ec2::254]",
            "[fe80::1]",
            "localhost",
            "LOCALHOST",
            "localhost.",
            "org.localhost",
            "127.0.0.1.",
        ] {
            assert_eq!(named_inside(host), Err(NotAllowed::Inside), "{host}");
        }
        assert!(named_inside("8.8.8.8").is_ok() && named_inside("eu7.salesforce.com").is_ok());
    }

    #[test]
    fn no_secret_is_sent_to_a_login_in_a_private_network() {
        for host in ["10.0.0.1", "169.254.169.254", "192.168.0.1", "[fd00:ec2::254]"] {
            let inside = target(&format!("https://{host}"), &[host]);
            assert_eq!(Allowed::by(&inside).map(|_| ()), Err(NotAllowed::Inside), "{host}");
        }
    }

    #[test]
    fn an_org_does_not_send_the_token_in_the_clear_to_this_machine() {
        let target = target("https://acme.my.salesforce.com", &["acme.my.salesforce.com", "localhost", "127.0.0.1"]);
        let allowed = Allowed::by(&target).expect("the login is allowed");
        for address in ["http://localhost", "http://127.0.0.1", "https://localhost"] {
            assert_eq!(allowed.instance(address), Err(NotAllowed::Inside), "{address}");
        }
    }

    #[test]
    fn a_login_in_the_clear_is_allowed_to_this_machine_only() {
        for host in ["127.0.0.1", "localhost", "[::1]"] {
            let target = target(&format!("http://{host}:4000"), &[host]);
            assert!(Allowed::by(&target).is_ok_and(|allowed| allowed.login().is_plain()), "{host}");
        }
        let plain = target("http://acme.my.salesforce.com", &["acme.my.salesforce.com"]);
        assert_eq!(Allowed::by(&plain).map(|_| ()), Err(NotAllowed::NotSecure));
    }

    #[test]
    fn a_login_whose_host_is_not_in_the_list_is_not_allowed() {
        let other = target("https://acme.my.salesforce.com", &["other.my.salesforce.com"]);
        assert_eq!(Allowed::by(&other).map(|_| ()), Err(NotAllowed::Host));
    }
}
