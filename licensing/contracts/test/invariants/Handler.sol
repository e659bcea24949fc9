// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAssetRegistry} from "../../src/interfaces/IAssetRegistry.sol";
import {ILicenses, TermsKind} from "../../src/interfaces/ILicenses.sol";
import {Role} from "../../src/interfaces/IReceipts.sol";
import {Authorization, ISettlement} from "../../src/interfaces/ISettlement.sol";
import {Stage} from "../base/Stage.sol";
import {vm} from "../base/Vm.sol";

/// @title A random history: four people, six assets, and everything they can do to each other
/// @dev No step may revert: what must fail is tried and its failure checked. The model beside the contracts (`ghost…`)
///      is kept from what was asked for, not from what the contracts say they did.
contract Handler is Stage {
    uint256 public constant PEOPLE = 4;
    uint256 public constant ASSETS = 9;

    uint256[] public metered;
    uint256[] public timed;
    mapping(uint256 license => uint64) public ghostExpiresAt;
    mapping(uint256 license => address) public ghostOwner;
    mapping(uint256 license => uint64) public ghostEpoch;
    mapping(uint256 license => mapping(uint64 epoch => uint128)) public ghostRedeemed;
    mapping(uint256 license => mapping(uint64 epoch => uint256)) private _channelKey;
    mapping(uint256 asset => bool) public ghostFrozen;
    uint256 public ghostSales;
    uint256 public ghostCharged;
    uint256 public ghostIn;
    uint256 public ghostOut;
    uint256 public ghostStray;
    uint256 private _keys = 1000;

    constructor() {
        setUp();
        for (uint256 i = 0; i < PEOPLE; i++) {
            _fund(_person(i));
        }
        // Assets 1 to 3 stand alone, 4 to 6 draw on those before them; 6 is the next version of 5.
        _publish(0, 0, _shares(10_000, 0, 0), 0);
        _publish(0, 0, _shares(9000, 999, 1), 0);
        _publish(0, 3333, _shares(3333, 3333, 3334), 1);
        _publish(0, 2500, _shares(7000, 3000, 0), 3);
        _publish(0, 10_000, _shares(1, 9998, 1), 4);
        _publish(5, 777, _shares(5000, 5000, 0), 5);
        // 7 is a fork of 2, 8 one of 7, and 9 the next version of 8.
        _fork(2, 1001);
        _fork(7, 2333);
        _publish(8, 1111, _shares(6000, 4000, 0), 3);
        for (uint256 license = 1; license <= licenses.licenseCount(); license++) {
            (ghostOwner[license], ghostExpiresAt[license]) = (author, type(uint64).max);
        }
        for (uint256 asset = 1; asset <= ASSETS; asset++) {
            uint256 terms = _offer(asset, TermsKind.METERED, uint128(asset * 7));
            _buy(asset, terms, true);
            _buy(asset + 1, terms, true);
            _buy(asset, _offer(asset, TermsKind.TIME, uint128(1 + asset * 13)), false);
        }
    }

    function topUp(uint256 seed, uint128 amount) external {
        (uint256 license, uint64 epoch) = _channel(seed);
        amount = uint128(within(amount, 1, 1e6));
        address payer = settlement.getChannel(license, epoch).payer;
        if (currency.balanceOf(payer) < amount) return;
        ISettlement.Channel memory before = settlement.getChannel(license, epoch);
        vm.prank(payer);
        settlement.topUp(license, epoch, amount);
        ISettlement.Channel memory after_ = settlement.getChannel(license, epoch);
        same(after_.thawing, before.thawing, "a top-up thaws nothing");
        same(after_.thawEnd, before.thawEnd, "and moves no date");
        ghostIn += amount;
    }

    function requestWithdraw(uint256 seed, uint128 amount) external {
        (uint256 license, uint64 epoch) = _channel(seed);
        ISettlement.Channel memory channel = settlement.getChannel(license, epoch);
        uint128 left = channel.deposited - channel.redeemed;
        if (left == 0) return;
        vm.prank(channel.payer);
        settlement.requestWithdraw(license, epoch, uint128(within(amount, 1, left)));
    }

    /// I11: a thawed amount is paid, unless it was charged meanwhile.
    function withdraw(uint256 seed) external {
        (uint256 license, uint64 epoch) = _channel(seed);
        ISettlement.Channel memory channel = settlement.getChannel(license, epoch);
        bool due = channel.thawEnd != 0 && block.timestamp >= channel.thawEnd;
        uint256 before = currency.balanceOf(channel.payer);
        vm.prank(channel.payer);
        try settlement.withdraw(license, epoch) returns (uint128 amount) {
            holds(due, "withdrawn before its time");
            same(amount, channel.thawing, "the thawed amount");
            same(currency.balanceOf(channel.payer) - before, amount, "received");
            ghostOut += amount;
        } catch {
            holds(!due, "a withdrawal that was due failed");
        }
    }

    function cancelWithdraw(uint256 seed) external {
        (uint256 license, uint64 epoch) = _channel(seed);
        ISettlement.Channel memory channel = settlement.getChannel(license, epoch);
        if (channel.thawEnd == 0) return;
        vm.prank(channel.payer);
        settlement.cancelWithdraw(license, epoch);
    }

    /// I3, I4, I8: what moves is what the model says, in that channel only, and once.
    function redeem(uint256 seed, uint128 ceiling, uint128 claimed, uint256 lineSeed) external {
        (uint256 license, uint64 epoch) = _channel(seed);
        uint256 asset = licenses.licenseTerms(license).assetId;
        // The other version of its series, where there is one.
        if ((asset == 5 || asset == 8) && lineSeed % 2 == 0) asset++;
        else if ((asset == 6 || asset == 9) && lineSeed % 2 == 0) asset--;
        ISettlement.Channel memory before = settlement.getChannel(license, epoch);
        ceiling = before.redeemed + uint128(within(ceiling, 0, 300_000));
        claimed = uint128(within(claimed, 0, uint256(ceiling) + ceiling / 8));
        // Now and then everything there is, a withdrawal under way included, or one unit more than that.
        if (lineSeed % 3 == 0) claimed = ceiling = before.deposited + uint128(lineSeed >> 8) % 2;

        uint128 expected = 0;
        if (claimed <= ceiling && claimed > before.redeemed) {
            expected = (claimed < before.deposited ? claimed : before.deposited) - before.redeemed;
        }
        ISettlement.Item[] memory items = new ISettlement.Item[](2);
        items[0] = _item(license, epoch, ceiling, claimed, _channelKey[license][epoch]);
        items[1] = items[0];
        ISettlement.Group[] memory groups = _group(asset, items, _lines(asset, lineSeed));
        same(_redeem(groups), expected, "charged");
        same(settlement.getChannel(license, epoch).redeemed, before.redeemed + expected, "redeemed");
        same(_redeem(groups), 0, "charged again");
        ghostRedeemed[license][epoch] += expected;
        ghostCharged += expected;
    }

    /// A voucher of another license, epoch or signing key moves nothing.
    function redeemForged(uint256 seed, uint256 otherSeed, uint128 ceiling) external {
        (uint256 license, uint64 epoch) = _channel(seed);
        (uint256 other, uint64 otherEpoch) = _channel(otherSeed);
        uint256 signingKey = _channelKey[other][otherEpoch];
        if (signingKey == _channelKey[license][epoch]) signingKey = OPERATOR_KEY;
        if (settlement.retiredUntil(license, epoch, vm.addr(signingKey)) != 0) return;
        ceiling = uint128(within(ceiling, 1, type(uint128).max));
        uint256 asset = licenses.licenseTerms(license).assetId;
        same(_redeem(asset, _item(license, epoch, ceiling, ceiling, signingKey)), 0, "forged");
    }

    /// I5 is fuzzed in RedeemTest; here claims of every order and repetition meet everything else.
    function claim(uint256 seed, bool twice) external {
        uint256 asset = within(seed, 1, ASSETS);
        uint256 receipt = asset << 64 | within(seed >> 8, 0, receipts.countOf(asset) - 1);
        uint256 due = settlement.claimable(receipt);
        uint256 amount = settlement.claim(twice ? _two(receipt, receipt) : _one(receipt));
        same(amount, due, "claimed");
        same(settlement.claimable(receipt), 0, "nothing more");
        ghostOut += amount;
    }

    /// I14: an ancestor is given what is due to it, once, however often its descendants are named.
    function pullRoyalties(uint256 seed) external {
        uint256 asset = within(seed, 1, ASSETS);
        uint256 due = 0;
        for (uint256 ancestor = 1; ancestor < asset; ancestor++) {
            due += settlement.royaltyDue(asset, ancestor);
        }
        same(settlement.pullRoyalties(_two(asset, asset)), due, "pulled");
        same(settlement.pullRoyalties(_one(asset)), 0, "pulled again");
    }

    /// Buys and deposits by an order that somebody else sends, and that pays for nothing else.
    function buyByOrder(uint256 seed, uint128 deposit) external {
        if (metered.length > 30) return;
        address person = vm.addr(HOLDER_KEY);
        uint256 terms = licenses.getLicense(metered[seed % metered.length]).termsId;
        if (ghostFrozen[licenses.getTerms(terms).assetId]) return;
        uint128 price = licenses.getTerms(terms).price;
        deposit = uint128(within(deposit, 1, 1e6));
        if (currency.balanceOf(person) < price + deposit) return;
        address signer = vm.addr(++_keys);
        bytes32 nonce = licenses.buyNonce(terms, person, signer, deposit, bytes32(_keys));
        Authorization memory order = _authorization(HOLDER_KEY, price + deposit, bytes32(_keys), nonce);
        vm.prank(relayer);
        (bool changed,) = address(licenses)
            .call(abi.encodeCall(licenses.buyWithAuthorization, (terms, person, stranger, deposit, order)));
        holds(!changed, "the sender changed an order");
        vm.prank(relayer);
        uint256 license = licenses.buyWithAuthorization(terms, person, signer, deposit, order);
        ghostOwner[license] = person;
        ghostExpiresAt[license] = type(uint64).max;
        _channelKey[license][0] = _keys;
        metered.push(license);
        ghostSales += price;
        ghostIn += price + deposit;
    }

    /// I10: a fork beyond four ancestors or forty percent is refused, any other accepted.
    function fork(uint256 seed, uint16 royaltyBps) external {
        if (registry.assetCount() > 40) return;
        uint256 parent = within(seed, 1, registry.assetCount());
        royaltyBps = uint16(within(royaltyBps, 0, 1500));
        IAssetRegistry.Asset memory asset = registry.getAsset(parent);
        bool fits = asset.depth < 4 && uint256(asset.royaltyBps) + royaltyBps <= 4000;
        if (asset.frozen) return;
        uint256 license = _forkLicense(parent, author, royaltyBps);
        ghostOwner[license] = author;
        ghostExpiresAt[license] = type(uint64).max;
        vm.prank(author);
        try registry.fork(license, parent, _registration(0, 0, _none())) {
            holds(fits, "a fork that owes too much");
        } catch {
            holds(!fits, "a fork that was licensed and fits");
        }
    }

    function claimFee(uint256 seed) external {
        uint256 asset = within(seed, 1, ASSETS);
        ghostOut += settlement.claimFee(_two(asset, asset));
    }

    function buyTime(uint256 seed, uint256 personSeed) external {
        if (timed.length > 20) return;
        uint256 license = timed[seed % timed.length];
        if (ghostFrozen[licenses.licenseTerms(license).assetId]) return;
        _buy(personSeed, licenses.getLicense(license).termsId, false);
    }

    function renew(uint256 seed) external {
        uint256 license = timed[seed % timed.length];
        ILicenses.Terms memory terms = licenses.licenseTerms(license);
        if (ghostFrozen[terms.assetId] || currency.balanceOf(ghostOwner[license]) < terms.price) return;
        uint64 from = ghostExpiresAt[license] > block.timestamp ? ghostExpiresAt[license] : uint64(block.timestamp);
        ghostExpiresAt[license] = from + terms.duration;
        vm.prank(ghostOwner[license]);
        licenses.renew(license);
        ghostSales += terms.price;
        ghostIn += terms.price;
    }

    function transfer(uint256 seed, uint256 personSeed) external {
        bool ofTime = seed % 2 == 0;
        uint256 license = ofTime ? timed[seed / 2 % timed.length] : metered[seed / 2 % metered.length];
        address from = ghostOwner[license];
        address to = _person(personSeed);
        vm.prank(from);
        licenses.transferFrom(from, to, license);
        ghostOwner[license] = to;
        if (from == to) return;
        ghostEpoch[license]++;
        if (!ofTime) _open(license, to, uint128(within(personSeed, 1, 1e6)));
    }

    function setSigner(uint256 seed) external {
        uint256 license = metered[seed % metered.length];
        uint64 epoch = ghostEpoch[license];
        vm.prank(ghostOwner[license]);
        licenses.setSigner(license, vm.addr(++_keys));
        if (settlement.getChannel(license, epoch).payer != address(0)) _channelKey[license][epoch] = _keys;
    }

    function freeze(uint256 seed, bool frozen) external {
        uint256 asset = within(seed, 1, ASSETS);
        vm.prank(guardian);
        registry.setFrozen(asset, frozen);
        ghostFrozen[asset] = frozen;
    }

    function wait(uint256 time) external {
        uint64 end = ghostExpiresAt[timed[time % timed.length]];
        // Now and then to the very second that a license ends or a withdrawal may be made.
        if (time % 3 == 0 && end > block.timestamp) vm.warp(end);
        else if (time % 3 == 1) vm.warp(block.timestamp + DELAY);
        else vm.warp(block.timestamp + within(time, 1, 3 * DELAY));
    }

    function stray(uint256 amount) external {
        address person = _person(amount);
        amount = within(amount, 0, 100);
        if (currency.balanceOf(person) < amount) return;
        vm.prank(person);
        require(currency.transfer(address(settlement), amount));
        ghostStray += amount;
    }

    /// I7, I12: whatever a stranger, or any holder of something else, sends is refused and changes nothing.
    function meddle(uint256 seed, uint256 what) external {
        (uint256 license, uint64 epoch) = _channel(seed);
        uint256 receipt = within(seed, 1, ASSETS) << 64;
        bytes[12] memory attempts = [
            abi.encodeCall(ISettlement.topUp, (license, epoch, 1)),
            abi.encodeCall(ISettlement.requestWithdraw, (license, epoch, 1)),
            abi.encodeCall(ISettlement.cancelWithdraw, (license, epoch)),
            abi.encodeCall(ISettlement.withdraw, (license, epoch)),
            abi.encodeCall(ISettlement.open, (license, 1)),
            abi.encodeCall(ISettlement.changeSigner, (license, epoch, stranger)),
            abi.encodeCall(ISettlement.setTreasury, (stranger)),
            abi.encodeCall(ILicenses.setSigner, (license, stranger)),
            abi.encodeCall(licenses.transferFrom, (ghostOwner[license], stranger, license)),
            abi.encodeCall(receipts.setPayout, (receipt, stranger)),
            abi.encodeCall(receipts.approve, (stranger, receipt)),
            abi.encodeCall(receipts.transferFrom, (author, stranger, receipt))
        ];
        what %= attempts.length;
        address target = what < 7 ? address(settlement) : what < 9 ? address(licenses) : address(receipts);
        vm.prank(what > 9 && what % 2 == 0 ? author : stranger);
        (bool accepted,) = target.call(attempts[what]);
        holds(!accepted, "meddled");
    }

    // What the invariants read

    function meteredCount() external view returns (uint256) {
        return metered.length;
    }

    function contracts() external view returns (IAssetRegistry, ILicenses, ISettlement, address tokenAddress) {
        return (registry, licenses, settlement, address(currency));
    }

    /// I6: everyone takes what is theirs, and what nobody can take is dust.
    function drain() external returns (uint256 dust, uint256 most) {
        for (uint256 asset = ASSETS; asset > 0; asset--) {
            settlement.pullRoyalties(_one(asset));
            settlement.claimFee(_one(asset));
            uint256 count = receipts.countOf(asset);
            for (uint256 i = 0; i < count; i++) {
                settlement.claim(_one(asset << 64 | i));
            }
            // One for each rounding: the receipts, the fee, and the most lines a batch has here.
            most += count + 1 + 3;
        }
        for (uint256 i = 0; i < metered.length; i++) {
            for (uint64 epoch = 0; epoch <= ghostEpoch[metered[i]]; epoch++) {
                _leave(metered[i], epoch);
            }
        }
        dust = currency.balanceOf(address(settlement)) - ghostStray;
    }

    function _leave(uint256 license, uint64 epoch) private {
        ISettlement.Channel memory channel = settlement.getChannel(license, epoch);
        uint128 left = channel.deposited - channel.redeemed;
        if (left == 0) return;
        vm.startPrank(channel.payer);
        settlement.requestWithdraw(license, epoch, left);
        vm.warp(block.timestamp + DELAY);
        same(settlement.withdraw(license, epoch), left, "left");
        vm.stopPrank();
    }

    function _publish(uint256 series, uint16 poolBps, IAssetRegistry.Share[] memory shares, uint256 earlier) private {
        IAssetRegistry.Registration memory registration = _registration(series, poolBps, _none());
        registration.shares = shares;
        registration.dependencies = new uint256[](earlier);
        for (uint256 i = 0; i < earlier; i++) {
            registration.dependencies[i] = i + 1;
        }
        vm.prank(author);
        registry.register(registration);
    }

    function _buy(uint256 personSeed, uint256 terms, bool isMetered) private {
        address person = _person(personSeed);
        uint128 price = licenses.getTerms(terms).price;
        if (currency.balanceOf(person) < price) return;
        vm.prank(person);
        uint256 license = licenses.buy(terms, person, address(0), price);
        ghostOwner[license] = person;
        ghostSales += price;
        ghostIn += price;
        ghostExpiresAt[license] = isMetered ? type(uint64).max : uint64(block.timestamp) + MONTH;
        (isMetered ? metered : timed).push(license);
        if (isMetered) _open(license, person, 500_000);
    }

    function _open(uint256 license, address person, uint128 deposit) private {
        if (currency.balanceOf(person) < deposit) return;
        uint64 epoch = ghostEpoch[license];
        vm.startPrank(person);
        licenses.setSigner(license, vm.addr(++_keys));
        settlement.open(license, deposit);
        vm.stopPrank();
        _channelKey[license][epoch] = _keys;
        ghostIn += deposit;
    }

    /// @dev Any channel ever opened, those of earlier epochs too.
    function _channel(uint256 seed) private view returns (uint256 license, uint64 epoch) {
        license = metered[seed % metered.length];
        epoch = uint64((seed >> 128) % (ghostEpoch[license] + 1));
        if (settlement.getChannel(license, epoch).payer == address(0)) epoch = 0;
    }

    function _lines(uint256 asset, uint256 seed) private view returns (ISettlement.Line[] memory lines) {
        lines = new ISettlement.Line[](seed % 4);
        for (uint256 i = 0; i < lines.length; i++) {
            uint256 payee = within(seed >> (8 * i + 8), 1, ASSETS);
            if (!registry.mayPay(asset, payee)) payee = asset;
            lines[i] = ISettlement.Line(payee, uint64(1 + (seed >> (16 * i + 32)) % 1000));
        }
    }

    function _person(uint256 seed) private pure returns (address) {
        return address(uint160(0xBEE0 + seed % PEOPLE));
    }
}
