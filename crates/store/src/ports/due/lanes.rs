//! Where a listing of several partitions stands: some of them are read side by side, the others follow as those end.
//!
//! Must not know: how a partition is read.

use engine::ports::{PageToken, PortError, SIDE_BY_SIDE};
use serde::{Deserialize, Serialize};

use super::{Last, Place, following, resume};

/// The partitions that are being read, and the first of those that are not begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Lanes {
    #[serde(rename = "l")]
    places: Vec<Place>,
    #[serde(rename = "n", default, skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// What the next requests ask for.
pub(super) struct Share {
    pub(super) places: Vec<Place>,
    /// The entries of each at most.
    pub(super) each: usize,
}

impl Lanes {
    /// The beginning.
    pub(super) fn of(partitions: &[String]) -> Self {
        Self { places: Vec::new(), next: partitions.first().cloned() }.filled(partitions)
    }

    /// The place that a token names. A partition that is not listed any more, because its error type was excluded meanwhile, is
    /// passed over. A sweep that an older version of this program left goes on where it stood: its token names the one partition
    /// that was being read.
    pub(super) fn resume(token: &PageToken, partitions: &[String]) -> Result<Self, PortError> {
        let Ok(Self { mut places, next }) = serde_json::from_str(&token.0) else {
            let place = resume(token, partitions)?;
            let next = place.as_ref().and_then(|place| following(partitions, &place.partition));
            return Ok(Self { places: place.into_iter().collect(), next }.filled(partitions));
        };
        places.retain(|place| partitions.contains(&place.partition));
        let next = next.and_then(|next| {
            let listed = partitions.contains(&next).then(|| next.clone());
            listed.or_else(|| partitions.iter().find(|&partition| *partition > next).cloned())
        });
        Ok(Self { places, next }.filled(partitions))
    }

    /// Whether each of them may give an entry more: a page that is not quite full is better than a round for a few.
    pub(super) fn have_room_in(&self, left: usize) -> bool {
        left >= self.places.len()
    }

    /// What to ask for, so that at most `limit` entries come; nothing at the end.
    pub(super) fn share(&self, limit: usize) -> Option<Share> {
        let places: Vec<_> = self.places.iter().take(limit.max(1)).cloned().collect();
        let each = limit / places.len().max(1);
        (!places.is_empty()).then_some(Share { places, each })
    }

    /// The first lanes were read: each up to an entry, or to its end. Those that were read go behind those that were not.
    pub(super) fn move_on(&mut self, lasts: Vec<Option<Last>>, partitions: &[String]) {
        let read: Vec<Place> = self.places.drain(..lasts.len()).collect();
        let left = read.into_iter().zip(lasts).filter_map(|(at, last)| Some(Place { last: Some(last?), ..at }));
        self.places.extend(left);
        *self = std::mem::replace(self, Self { places: Vec::new(), next: None }).filled(partitions);
    }

    /// The same as text; nothing at the end.
    pub(super) fn token(&self) -> Option<PageToken> {
        let text = || serde_json::to_string(self).expect("places are texts and numbers");
        (!self.places.is_empty()).then(|| PageToken(text()))
    }

    fn filled(mut self, partitions: &[String]) -> Self {
        while self.places.len() < SIDE_BY_SIDE.into()
            && let Some(partition) = self.next.take()
        {
            self.next = following(partitions, &partition);
            self.places.push(Place { partition, last: None });
        }
        self
    }
}

/// The first entry of each, then the second of each, and so on.
pub(super) fn in_turn<T>(lists: Vec<Vec<T>>) -> Vec<T> {
    let all = lists.iter().map(Vec::len).sum();
    let mut lists: Vec<_> = lists.into_iter().map(Vec::into_iter).collect();
    let mut mixed = Vec::with_capacity(all);
    while mixed.len() < all {
        mixed.extend(lists.iter_mut().filter_map(Iterator::next));
    }
    mixed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(number: usize) -> Vec<String> {
        (0..number).map(|number| format!("acme#i#{number:02}")).collect()
    }

    fn partitions(share: &Share) -> Vec<&str> {
        share.places.iter().map(|place| &place.partition[7..]).collect()
    }

    fn read_up_to(key: &str) -> Last {
        Last(key.to_owned(), 5)
    }

    #[test]
    fn eight_partitions_are_read_side_by_side_and_another_begins_when_one_has_ended() {
        let names = names(10);
        let mut lanes = Lanes::of(&names);
        let share = lanes.share(8_000).unwrap();
        assert_eq!((partitions(&share), share.each), (vec!["00", "01", "02", "03", "04", "05", "06", "07"], 1_000));
        let mut lasts = vec![Some(read_up_to("r#1")); 8];
        lasts[2] = None;
        lanes.move_on(lasts, &names);
        assert_eq!(partitions(&lanes.share(80).unwrap()), ["00", "01", "03", "04", "05", "06", "07", "08"]);
    }

    #[test]
    fn where_few_entries_are_wanted_few_partitions_are_asked_and_the_others_come_next() {
        let names = names(4);
        let mut lanes = Lanes::of(&names);
        let share = lanes.share(1).unwrap();
        assert_eq!((partitions(&share), share.each), (vec!["00"], 1));
        lanes.move_on(vec![Some(read_up_to("r#1"))], &names);
        assert_eq!(partitions(&lanes.share(3).unwrap()), ["01", "02", "03"]);
    }

    #[test]
    fn a_listing_goes_on_where_its_token_says_and_ends_with_its_last_partition() {
        let names = names(2);
        let mut lanes = Lanes::of(&names);
        lanes.move_on(vec![Some(read_up_to("r#1")), None], &names);
        let token = lanes.token().unwrap();
        assert_eq!(Lanes::resume(&token, &names).unwrap(), lanes);
        lanes.move_on(vec![None], &names);
        assert_eq!(lanes.token(), None);
    }

    #[test]
    fn a_sweep_that_an_older_version_left_goes_on_where_it_stood_with_what_follows_side_by_side() {
        let names = names(4);
        let left = Place { partition: names[1].clone(), last: Some(read_up_to("r#1")) };
        let lanes = Lanes::resume(&left.token(), &names).unwrap();
        assert_eq!(lanes.places[0], left);
        assert_eq!(partitions(&lanes.share(8).unwrap()), ["01", "02", "03"]);
        let last = Place { partition: names[3].clone(), last: None };
        assert_eq!(partitions(&Lanes::resume(&last.token(), &names).unwrap().share(8).unwrap()), ["03"]);
    }

    #[test]
    fn a_text_that_is_no_token_of_any_version_is_refused() {
        assert!(Lanes::resume(&PageToken("{}".to_owned()), &names(2)).is_err());
    }

    #[test]
    fn a_partition_that_is_not_listed_any_more_is_passed_over() {
        let all = names(10);
        let token = Lanes::of(&all).token().unwrap();
        let left: Vec<_> = all.into_iter().filter(|name| !name.ends_with("#00") && !name.ends_with("#08")).collect();
        let lanes = Lanes::resume(&token, &left).unwrap();
        assert_eq!(partitions(&lanes.share(8).unwrap()), ["01", "02", "03", "04", "05", "06", "07", "09"]);
    }

    #[test]
    fn lists_of_unequal_length_are_mixed_to_the_end_of_the_longest() {
        assert_eq!(in_turn(vec![vec![1, 4, 6], vec![2], vec![3, 5]]), [1, 2, 3, 4, 5, 6]);
    }
}
